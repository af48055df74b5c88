import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '#libs/contracts';
import { SlotNoticeStore } from '#libs/keystore';
import { until } from '../faults/until.js';
import { isGenuine } from '../support/webhook-receiver.js';
import { expectError, type ErrorBody } from './config-api.fixture.js';
import { WebhookScene, type Delivery, type Webhook } from './webhook.fixture.js';

describe('webhooks', () => {
  let scene: WebhookScene;
  beforeAll(async () => {
    scene = await WebhookScene.start();
  }, 60_000);
  afterAll(() => scene.stop());

  it('tell of a replaced key, signed so that the receiver can be sure, and of no first key', async () => {
    const { id, secret } = await scene.subscribe('/rotated');
    expect(secret).toMatch(/^whsec_\S{32}$/);
    await scene.storeKey('deepgram');
    await scene.storeKey('deepgram');
    await until('the webhook comes', () => scene.receivedAt('/rotated').length === 1);
    const [webhook] = scene.receivedAt('/rotated');
    expect(webhook!.headers).toMatchObject({
      'x-webhook-event': 'byok.key.rotated',
      'x-webhook-signature': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
      'content-type': 'application/json',
    });
    expect(webhook!.body).toMatchObject({
      type: 'byok.key.rotated',
      organization_id: scene.acme.id,
      data: { provider: 'deepgram', change: 'rotated', version: 2, epoch: 2 },
    });
    expect(isGenuine(webhook!, secret)).toBe(true);
    expect(isGenuine(webhook!, 'another secret')).toBe(false);
    expect(isGenuine({ ...webhook!, rawBody: `${webhook!.rawBody} ` }, secret)).toBe(false);
    expect(isGenuine(webhook!, secret, { nowMs: Date.now() + 310_000 })).toBe(false);
    await until('it is on record', async () => (await scene.deliveriesOf(id))[0]?.state === 'delivered');
    expect(await scene.deliveriesOf(id)).toMatchObject([{ state: 'delivered', attempts: 1, last_status: 200 }]);
  });

  it('come again until the receiver takes them, the same event each time with a signature of its own moment', async () => {
    const { id, secret } = await scene.subscribe('/flaky');
    scene.receiver.script.push(500);
    await scene.storeKey('deepgram');
    await until('the first attempt has failed', async () => (await scene.deliveriesOf(id))[0]?.attempts === 1);
    const [failed] = await scene.deliveriesOf(id);
    expect(failed).toMatchObject({ state: 'pending', last_status: 500, last_error: 'the receiver answered 500' });
    const waitMs = new Date(String(failed!['next_attempt_at'])).getTime() - Date.now();
    expect(waitMs).toBeGreaterThan(2_000);
    expect(waitMs).toBeLessThan(6_000);
    await scene.api.dataSource.query(`UPDATE webhook_delivery SET due_at = now() WHERE id = $1`, [failed!.id]);
    await until('the second attempt comes', () => scene.receivedAt('/flaky').length === 2);
    const [first, second] = scene.receivedAt('/flaky');
    expect(second!.body.id).toBe(first!.body.id);
    expect([isGenuine(first!, secret), isGenuine(second!, secret)]).toEqual([true, true]);
    await until('it is delivered', async () => (await scene.deliveriesOf(id))[0]?.state === 'delivered');
  });

  it('are delivered when the receiver says so, however much it says', async () => {
    const { id } = await scene.subscribe('/talkative');
    scene.receiver.talkativePaths.add('/talkative');
    await scene.storeKey('deepgram');
    await until('it is delivered', async () => (await scene.deliveriesOf(id))[0]?.state === 'delivered');
    expect(await scene.deliveriesOf(id)).toMatchObject([{ attempts: 1, last_status: 200 }]);
  });

  it('follow no redirect', async () => {
    const { id } = await scene.subscribe('/redirecting');
    scene.receiver.script.push(302);
    await scene.storeKey('deepgram');
    await until('the attempt has failed', async () => (await scene.deliveriesOf(id))[0]?.last_status === 302);
    expect(scene.receivedAt('/elsewhere')).toEqual([]);
  });

  it('are dead after the twelfth attempt, are found as such, and come again when they are replayed', async () => {
    const { id } = await scene.subscribe('/dead');
    scene.receiver.script.push(503, 503);
    await scene.storeKey('deepgram');
    await until('the first attempt has failed', async () => (await scene.deliveriesOf(id))[0]?.attempts === 1);
    const [delivery] = await scene.deliveriesOf(id);
    const replayPath = `/api/v1/webhooks/${id}/deliveries/${delivery!.id}/replay`;
    expectError(await scene.api.call<ErrorBody>(scene.acme.token, 'POST', replayPath), 409, 'not_dead');
    await scene.api.dataSource.query(`UPDATE webhook_delivery SET attempt_count = 11, due_at = now() WHERE id = $1`, [
      delivery!.id,
    ]);
    await until('it is dead', async () => (await scene.deliveriesOf(id, '?state=dead')).length === 1);
    expect(await scene.deliveriesOf(id, '?state=delivered')).toEqual([]);
    const replayed = await scene.api.call<{ delivery: Delivery }>(scene.acme.token, 'POST', replayPath);
    expect(replayed.body.delivery).toMatchObject({ state: 'pending', attempts: 0 });
    await until('it is delivered', async () => (await scene.deliveriesOf(id))[0]?.state === 'delivered');
    expect(scene.receivedAt('/dead')).toHaveLength(3);
  });

  it('are signed with the old secret too, for a while after it was replaced', async () => {
    const chosen = 'chosen-by-the-tenant-1';
    const { id, secret } = await scene.subscribe('/two-secrets', { secret: chosen });
    expect(secret).toBe(chosen);
    const path = `/api/v1/webhooks/${id}/rotate-secret`;
    const rotated = await scene.api.call<{ webhook: Webhook & { secret: string } }>(scene.acme.token, 'POST', path, {
      body: {},
    });
    expect(rotated.body.webhook.previous_secret_until).toEqual(expect.any(String));
    await scene.storeKey('deepgram');
    await until('it comes', () => scene.receivedAt('/two-secrets').length === 1);
    const [both] = scene.receivedAt('/two-secrets');
    expect(isGenuine(both!, rotated.body.webhook.secret)).toBe(true);
    expect(isGenuine(both!, chosen, { header: 'x-webhook-signature-previous' })).toBe(true);

    await scene.api.dataSource.query(`UPDATE webhook_subscription SET previous_until = now() WHERE id = $1`, [id]);
    await scene.storeKey('deepgram');
    await until('the next one comes', () => scene.receivedAt('/two-secrets').length === 2);
    expect(scene.receivedAt('/two-secrets')[1]!.headers).not.toHaveProperty('x-webhook-signature-previous');
  });

  it('tell once of a key that will expire within a week, and once again when the date changes', async () => {
    const { id } = await scene.subscribe('/expiring');
    const tellOfExpiring = (): Promise<number> => new SlotNoticeStore(scene.api.dataSource).tellOfExpiring(100);
    const setExpiry = (days: number): Promise<unknown> =>
      scene.api.call(scene.acme.token, 'PUT', '/api/v1/byok/keys/deepgram/policy', {
        body: { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() },
      });
    const expiring = async (): Promise<Delivery[]> =>
      (await scene.deliveriesOf(id)).filter(({ event }) => event === 'byok.key.expiring');
    await setExpiry(8);
    await tellOfExpiring();
    expect(await expiring()).toEqual([]);
    await setExpiry(6);
    await tellOfExpiring();
    await tellOfExpiring();
    expect(await expiring()).toHaveLength(1);
    await setExpiry(5);
    await tellOfExpiring();
    expect(await expiring()).toHaveLength(2);
  });

  it('tell of a fallback, of a slot once an hour, and never of a slot that has no key', async () => {
    await scene.subscribe('/fallback');
    const resolved = (callId: string, slot: string, reason: string) => ({
      call_id: callId,
      organization_id: scene.acme.id,
      resolved_at: new Date().toISOString(),
      expires_at: new Date().toISOString(),
      components: [
        {
          component: 'stt',
          provider: slot,
          slot,
          status: 'resolved',
          source: 'platform',
          secret_id: scene.acme.id,
          version: 1,
          fallback_reason: reason,
          handle: 'h',
        },
      ],
    });
    // A slot that has had a key could tell; that it has none any more is what the policy is for.
    await scene.storeKey('elevenlabs');
    await scene.api.call(scene.acme.token, 'DELETE', '/api/v1/byok?provider=elevenlabs');
    await scene.api.publish(topics.callKeysResolved, resolved('call-0', 'elevenlabs', 'no_key'));
    for (const call of ['call-1', 'call-2', 'call-3']) {
      await scene.api.publish(topics.callKeysResolved, resolved(call, 'deepgram', 'revoked'));
    }
    await until('it comes', () => scene.receivedAt('/fallback').length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(scene.receivedAt('/fallback').map(({ body }) => body)).toMatchObject([
      { type: 'byok.fallback.used', data: { provider: 'deepgram', reason: 'revoked', source: 'platform' } },
    ]);
    const { data } = scene.receivedAt('/fallback')[0]!.body;
    expect(data).toMatchObject({ call_id: expect.stringMatching(/^call-[123]$/), component: 'stt' });
  });

  const subscribe = (token: string, path: string): Promise<unknown> =>
    scene.api.call(token, 'POST', '/api/v1/webhooks', {
      body: { url: scene.receiver.url + path, events: ['byok.key.rotated'] },
    });
  const storeKey = (token: string): Promise<unknown> =>
    scene.api.call(token, 'POST', '/api/v1/byok', { body: { provider: 'deepgram', api_key: scene.api.plantKey('') } });

  it('of one organization are not held up by the receivers of another, however many of them hang', async () => {
    scene.receiver.silentPaths.add('/hangs');
    const [hanging, globex] = [
      await scene.api.createOrganization('Hanging'),
      await scene.api.createOrganization('Globex'),
    ];
    for (let n = 0; n < 10; n += 1) await subscribe(hanging.token, '/hangs');
    await subscribe(globex.token, '/quick');
    await storeKey(globex.token);
    for (let n = 0; n < 6; n += 1) await storeKey(hanging.token);
    await until('some hang', () => scene.receivedAt('/hangs').length >= 8);
    const since = Date.now();
    await storeKey(globex.token);
    await until('the other comes', () => scene.receivedAt('/quick').length === 1);
    expect(Date.now() - since).toBeLessThan(4_000);
    expect(scene.receivedAt('/hangs').length).toBeLessThanOrEqual(16);
  });

  it('of one organization are not held up by the receivers of an agency, however many children it makes', async () => {
    scene.receiver.silentPaths.add('/children');
    const agency = await scene.api.createOrganization('Agency');
    const children: { token: string }[] = [];
    for (let n = 0; n < 8; n += 1) children.push(await scene.api.createOrganization(`Child ${n}`, agency.id));
    const initech = await scene.api.createOrganization('Initech');
    await subscribe(initech.token, '/unhindered');
    await storeKey(initech.token);
    for (const { token } of children) {
      for (let n = 0; n < 5; n += 1) await subscribe(token, '/children');
      await storeKey(token);
    }
    await Promise.all(children.map(({ token }) => storeKey(token)));
    await until('some hang', () => scene.receivedAt('/children').length >= 8);
    const since = Date.now();
    await storeKey(initech.token);
    await until('the other comes', () => scene.receivedAt('/unhindered').length === 1);
    expect(Date.now() - since).toBeLessThan(4_000);
    expect(scene.receivedAt('/children').length).toBeLessThanOrEqual(16);
  });

  it('hold no key, and neither did an answer or a log line', () => {
    expect(scene.api.leaks()).toEqual([]);
    expect(scene.receiver.received.filter(({ rawBody }) => scene.api.holdsKey(rawBody))).toEqual([]);
  });
});
