import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebhookDeliveryStore } from '#libs/keystore';
import { until } from '../faults/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';
import { ConfigApiFixture, expectError, type ErrorBody } from './config-api.fixture.js';
import { WebhookScene, type Delivery, type Webhook } from './webhook.fixture.js';

describe('which webhooks are told of an event', () => {
  let scene: WebhookScene;
  beforeAll(async () => {
    scene = await WebhookScene.start();
  }, 60_000);
  afterAll(() => scene.stop());

  it('those that are silenced, or did not ask for it, hear nothing of it, not later either', async () => {
    const silent = await scene.subscribe('/silent', { is_active: false });
    const choosy = await scene.subscribe('/choosy', { events: ['byok.key.expiring'] });
    await scene.storeKey('deepgram');
    await scene.storeKey('deepgram');
    const body = { is_active: true };
    await scene.api.call(scene.acme.token, 'PATCH', `/api/v1/webhooks/${silent.id}`, { body });
    expect([await scene.deliveriesOf(silent.id), await scene.deliveriesOf(choosy.id)]).toEqual([[], []]);
  });

  it('going back to an earlier key is told as a rotation', async () => {
    const { id } = await scene.subscribe('/back');
    await scene.storeKey('openai');
    await scene.storeKey('openai');
    await scene.api.call(scene.acme.token, 'POST', '/api/v1/byok/keys/openai/rollback', { body: {} });
    await until('it comes', () => scene.receivedAt('/back').length === 2);
    const told = scene.receivedAt('/back').map(({ body }) => body);
    expect(told).toContainEqual(
      expect.objectContaining({
        type: 'byok.key.rotated',
        data: expect.objectContaining({ provider: 'openai', change: 'rolled_back', version: 1, epoch: 3 }),
      }),
    );
    await until('both are on record', async () =>
      (await scene.deliveriesOf(id)).every(({ state }) => state === 'delivered'),
    );
  });

  it('a key that will expire is told of without anybody asking', async () => {
    await scene.subscribe('/expiring', { events: ['byok.key.expiring'] });
    await scene.storeKey('gladia');
    const body = { expires_at: new Date(Date.now() + 6 * 86_400_000).toISOString() };
    await scene.api.call(scene.acme.token, 'PUT', '/api/v1/byok/keys/gladia/policy', { body });
    // Instances look when they start, and every half minute.
    await scene.api.addInstance();
    await until('it comes', () => scene.receivedAt('/expiring').length === 1);
    const [told] = scene.receivedAt('/expiring');
    expect(told!.body).toMatchObject({ data: { provider: 'gladia', version: 1, expires_at: body.expires_at } });
  });

  it('what was delivered, or is dead, is forgotten after its days, and what waits never', async () => {
    const { id } = await scene.subscribe('/remembered');
    const insert = (state: string, daysAgo: number): Promise<unknown> =>
      scene.api.dataSource.query(
        `INSERT INTO webhook_delivery (organization_id, id, subscription_id, event_id, event_type, payload, state, created_at, due_at)
         VALUES ($1, gen_random_uuid(), $2, gen_random_uuid(), 'byok.key.rotated', '{}', $3,
           now() - make_interval(days => $4), now() + interval '1 day')`,
        [scene.acme.id, id, state, daysAgo],
      );
    for (const state of ['delivered', 'dead', 'pending']) {
      for (const daysAgo of [29, 31]) await insert(state, daysAgo);
    }
    await new WebhookDeliveryStore(scene.api.dataSource).forget(30);
    const ageOf = ({ state, created_at }: Delivery): string =>
      `${state} ${Math.round((Date.now() - Date.parse(String(created_at))) / 86_400_000)}`;
    const kept = await scene.api.dataSource.query<Delivery[]>(
      `SELECT state, created_at FROM webhook_delivery WHERE subscription_id = $1`,
      [id],
    );
    expect(kept.map(ageOf).sort()).toEqual(['dead 29', 'delivered 29', 'pending 29', 'pending 31']);
  });
});

describe('where a deployment does not allow private addresses', () => {
  let api: ConfigApiFixture;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    api = await ConfigApiFixture.start({ settings: { LATCHKEY_WEBHOOK_PRIVATE_ADDRESSES: false } });
    receiver = await WebhookReceiver.start();
  }, 60_000);
  afterAll(async () => {
    await api.stop();
    await receiver.close();
  });

  it('no webhook is made for one, and none is sent to a name that has become one', async () => {
    const { token } = await api.createOrganization('Acme');
    for (const url of [receiver.url, 'https://127.0.0.1/', 'https://10.0.0.1/hook', 'https://[fd12::1]/']) {
      const body = { url };
      const refused = await api.call<ErrorBody>(token, 'POST', '/api/v1/webhooks', { body });
      expect(expectError(refused, 400, 'invalid_request').param).toBe('url');
    }
    const made = await api.call<{ webhook: Webhook }>(token, 'POST', '/api/v1/webhooks', {
      body: { url: 'https://nobody.invalid/' },
    });
    await api.dataSource.query(`UPDATE webhook_subscription SET url = $1`, [receiver.url]);
    const tried = await api.call(token, 'POST', `/api/v1/webhooks/${made.body.webhook.id}/test`);
    expect(tried.body).toMatchObject({ delivered: false, status: null, error: expect.stringContaining('loopback') });
    expect(receiver.received).toEqual([]);
  });
});
