import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../faults/until.js';
import { isGenuine } from '../support/webhook-receiver.js';
import { adminToken, expectError, type ErrorBody } from './config-api.fixture.js';
import { everyEvent, WebhookScene, type Delivery, type Webhook } from './webhook.fixture.js';

describe('webhooks over HTTP', () => {
  let scene: WebhookScene;
  beforeAll(async () => {
    scene = await WebhookScene.start();
  }, 60_000);
  afterAll(() => scene.stop());

  it('are tried out: the answer is what the receiver said', async () => {
    const { id, secret } = await scene.subscribe('/tried');
    const path = `/api/v1/webhooks/${id}/test`;
    const good = await scene.api.call(scene.acme.token, 'POST', path);
    expect(good.body).toMatchObject({ delivered: true, status: 200, answer: 'thank you', error: null });
    expect(isGenuine(scene.receivedAt('/tried')[0]!, secret)).toBe(true);
    scene.receiver.script.push(418);
    expect((await scene.api.call(scene.acme.token, 'POST', path)).body).toMatchObject({
      delivered: false,
      status: 418,
    });
    const nobody = await scene.subscribe('/nobody', { url: 'http://127.0.0.1:9/nobody' });
    const unheard = await scene.api.call(scene.acme.token, 'POST', `/api/v1/webhooks/${nobody.id}/test`);
    expect(unheard.body).toMatchObject({
      delivered: false,
      status: null,
      error: expect.stringMatching(/127\.0\.0\.1/),
    });
    await scene.api.call(scene.acme.token, 'DELETE', `/api/v1/webhooks/${nobody.id}`);
  });

  it('get every event unless some are named', async () => {
    const body = { url: 'https://nobody.invalid/', secret: 'of-the-tenant-0123456789' };
    const made = await scene.api.call<{ webhook: Webhook }>(scene.acme.token, 'POST', '/api/v1/webhooks', { body });
    expect({ status: made.status, events: made.body.webhook.events }).toEqual({ status: 201, events: everyEvent });
    await scene.api.call(scene.acme.token, 'DELETE', `/api/v1/webhooks/${made.body.webhook.id}`);
  });

  it('go where HTTP may go only', async () => {
    const { id } = await scene.subscribe('/stays');
    const refused = async (url: unknown): Promise<void> => {
      for (const [method, path, body] of [
        ['POST', '/api/v1/webhooks', { url, events: everyEvent }],
        ['PATCH', `/api/v1/webhooks/${id}`, { url }],
      ] as const) {
        const answer = await scene.api.call<ErrorBody>(scene.acme.token, method, path, { body });
        expect(expectError(answer, 400, 'invalid_request').param).toBe('url');
      }
    };
    for (const url of [
      'ftp://example.com',
      'nonsense',
      'https://user:word@example.com',
      'http://169.254.169.254/',
      'http://nobody.invalid/',
      'https://example.com/\0',
      'https://example.com/?half=\ud800',
      7,
    ]) {
      await refused(url);
    }
    const kept = await scene.api.call<{ webhook: Webhook }>(scene.acme.token, 'GET', `/api/v1/webhooks/${id}`);
    expect(kept.body.webhook.url).toBe(`${scene.receiver.url}/stays`);
    expectError(
      await scene.api.call(scene.acme.token, 'POST', '/api/v1/webhooks', {
        body: { url: scene.receiver.url, events: ['byok.nothing'] },
      }),
      400,
      'invalid_request',
    );
  });

  it('are changed, listed and deleted, by their own organization only, and never show a secret again', async () => {
    const { id, secret } = await scene.subscribe('/changed');
    const path = `/api/v1/webhooks/${id}`;
    const body = { events: ['byok.key.expiring'], is_active: false };
    const changed = await scene.api.call<{ webhook: Webhook }>(scene.acme.token, 'PATCH', path, { body });
    expect(changed.body.webhook).toMatchObject({ id, ...body, url: `${scene.receiver.url}/changed` });
    const listed = await scene.api.call<{ webhooks: Webhook[] }>(scene.acme.token, 'GET', '/api/v1/webhooks');
    expect(listed.body.webhooks).toContainEqual(changed.body.webhook);
    expect(listed.text).not.toContain(secret);
    const other = await scene.api.createOrganization('Other');
    for (const [method, at] of [
      ['GET', path],
      ['DELETE', path],
      ['POST', `${path}/test`],
      ['POST', `${path}/rotate-secret`],
      ['GET', `${path}/deliveries`],
      ['GET', '/api/v1/webhooks/no-uuid'],
    ] as const) {
      expectError(await scene.api.call<ErrorBody>(other.token, method, at), 404, 'not_found');
    }
    expect((await scene.api.call(scene.acme.token, 'DELETE', path)).body).toEqual({ success: true });
    expectError(await scene.api.call<ErrorBody>(scene.acme.token, 'GET', path), 404, 'not_found');
  });

  it('changed by several at once keep what each of them has set', async () => {
    const { id } = await scene.subscribe('/contended');
    const path = `/api/v1/webhooks/${id}`;
    for (let round = 0; round < 15; round += 1) {
      const [url, events, isActive] = [
        `${scene.receiver.url}/contended-${round}`,
        [everyEvent[round % 4]],
        round % 2 === 0,
      ];
      const rotated = scene.api.call<{ webhook: Webhook }>(scene.acme.token, 'POST', `${path}/rotate-secret`, {
        body: { overlap_seconds: 100 + round },
      });
      const changes = [{ url }, { events }, { is_active: isActive }].map((body) =>
        scene.api.call(scene.acme.token, 'PATCH', path, { body }),
      );
      const { previous_secret_until } = (await rotated).body.webhook;
      for (const change of await Promise.all(changes)) expect(change.status).toBe(200);
      const { webhook } = (await scene.api.call<{ webhook: Webhook }>(scene.acme.token, 'GET', path)).body;
      expect(webhook).toMatchObject({ url, events, is_active: isActive, previous_secret_until });
    }
  });

  it('deleted while they are changed are gone, and nothing is out of order', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await scene.subscribe('/going');
      const path = `/api/v1/webhooks/${id}`;
      const changes = Array.from({ length: 6 }, (_, n) =>
        scene.api.call(scene.acme.token, 'PATCH', path, { body: { is_active: n % 2 === 0 } }),
      );
      expect((await scene.api.call(scene.acme.token, 'DELETE', path)).status).toBe(200);
      const statuses = new Set((await Promise.all(changes)).map(({ status }) => status));
      expect([...statuses].filter((status) => status !== 200 && status !== 404)).toEqual([]);
      expectError(await scene.api.call<ErrorBody>(scene.acme.token, 'GET', path), 404, 'not_found');
    }
  });

  it('are twenty at most, also when many are made at once', async () => {
    const { token } = await scene.api.createOrganization('Eager');
    const body = { url: `${scene.receiver.url}/eager`, events: everyEvent };
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => scene.api.call<ErrorBody>(token, 'POST', '/api/v1/webhooks', { body })),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    for (const answer of refused) expectError(answer, 409, 'too_many_webhooks');
    expect(refused).toHaveLength(10);
    const listed = await scene.api.call<{ webhooks: Webhook[] }>(token, 'GET', '/api/v1/webhooks');
    expect(listed.body.webhooks).toHaveLength(20);
  });

  it("of the platform are the operator's", async () => {
    const body = { url: `${scene.receiver.url}/platform`, events: everyEvent };
    const path = '/admin/v1/platform/webhooks';
    expect((await scene.api.call(adminToken, 'POST', path, { body })).status).toBe(201);
    expectError(await scene.api.call<ErrorBody>(scene.acme.token, 'GET', path), 403, 'forbidden');
    for (const key of [scene.api.plantKey(''), scene.api.plantKey('')]) {
      await scene.api.call(adminToken, 'POST', '/admin/v1/platform/byok', {
        body: { provider: 'deepgram', api_key: key },
      });
    }
    await until('it comes', () => scene.receivedAt('/platform').length === 1);
  });

  it('of a page are as many as asked for, and all pages have each of them once', async () => {
    const { id } = await scene.subscribe('/pages');
    for (let n = 0; n < 6; n += 1) await scene.storeKey('deepgram');
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/api/v1/webhooks/${id}/deliveries?limit=2${cursor && `&cursor=${cursor}`}`;
      const page = await scene.api.call<{ deliveries: Delivery[]; next_cursor: string | null }>(
        scene.acme.token,
        'GET',
        path,
      );
      seen.push(...page.body.deliveries.map((delivery) => delivery.id));
      cursor = page.body.next_cursor;
    }
    expect(new Set(seen).size).toBe(5);
    expect(seen).toHaveLength(5);
  });

  it('hold no key, and neither did an answer or a log line', () => {
    expect(scene.api.leaks()).toEqual([]);
    expect(scene.receiver.received.filter(({ rawBody }) => scene.api.holdsKey(rawBody))).toEqual([]);
  });
});
