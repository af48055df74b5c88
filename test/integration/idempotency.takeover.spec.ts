import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';
import type { Webhook } from './webhook.fixture.js';

interface Slot {
  secret_id: string;
  version: number;
  epoch: number;
}
type WithSecret = { webhook: Webhook & { secret: string } };

const rows = { assistants: 'assistant', webhooks: 'webhook_subscription' };

describe('a POST whose process died before its answer was kept, run again', () => {
  let api: ConfigApiFixture;
  let other: string;
  let acme: { id: string; token: string };
  let keyCount = 0;

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    other = await api.addInstance();
    acme = await api.createOrganization('Acme');
  }, 60_000);
  afterAll(() => api.stop());

  /** The answer of the run that nobody got, what `meanwhile` does, and the answer of the second run. */
  const postTwice = async <T>(
    path: string,
    body: unknown,
    { headers = {}, meanwhile }: { headers?: Record<string, string>; meanwhile?: () => Promise<unknown> } = {},
  ): Promise<[Answer<T>, Answer<T>]> => {
    const key = `takeover ${(keyCount += 1)}`;
    const sent = { body, headers: { ...headers, 'idempotency-key': key } };
    const first = await api.call<T>(acme.token, 'POST', path, sent);
    await api.dataSource.query(`UPDATE idempotent_request SET answer = NULL, locked_until = now() WHERE key = $1`, [
      key,
    ]);
    await meanwhile?.();
    const second = await api.call<T>(acme.token, 'POST', path, { ...sent, at: other });
    expect(second.headers.get('idempotent-replayed')).toBeNull();
    return [first, second];
  };
  const send = <T>(method: string, path: string, body?: object): Promise<Answer<T>> =>
    api.call<T>(acme.token, method, path, body && { body });
  const keyBody = (): { provider: string; api_key: string } => ({ provider: 'deepgram', api_key: api.plantKey('') });
  const slot = async (): Promise<Slot> => (await send<Slot>('GET', '/api/v1/byok/keys/deepgram')).body;
  const webhook = { url: 'https://hooks.example.com/x', events: ['byok.key.rotated'] };

  it.each([
    ['assistants', { name: 'Reception' }],
    ['webhooks', webhook],
  ] as const)('makes no second of %s, and answers the same', async (kind, body) => {
    const [first, second] = await postTwice(`/api/v1/${kind}`, body);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.text).toBe(first.text);
    expect(await api.dataSource.query(`SELECT FROM ${rows[kind]} WHERE organization_id = $1`, [acme.id])).toHaveLength(
      1,
    );
  });

  it('makes no second webhook when there can be no more either', async () => {
    const others = 19 - (await send<{ webhooks: object[] }>('GET', '/api/v1/webhooks')).body.webhooks.length;
    for (let n = 0; n < others; n += 1) await send('POST', '/api/v1/webhooks', webhook);
    const [first, second] = await postTwice('/api/v1/webhooks', webhook);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.text).toBe(first.text);
  });

  it.each([undefined, 'whsec_chosen_by_the_tenant'])(
    "replaces a webhook's secret once, so that the old one goes on signing (given: %s)",
    async (secret) => {
      const { body } = await send<{ webhooks: Webhook[] }>('GET', '/api/v1/webhooks');
      const { id } = body.webhooks[0]!;
      const [first, second] = await postTwice<WithSecret>(`/api/v1/webhooks/${id}/rotate-secret`, {
        ...(secret && { secret }),
        overlap_seconds: 600,
      });
      expect(second.status).toBe(200);
      expect(second.text).toBe(first.text);
      const [later] = await postTwice<WithSecret>(`/api/v1/webhooks/${id}/rotate-secret`, {});
      expect(later.body.webhook.secret).not.toBe(first.body.webhook.secret);
    },
  );

  it.each<[string, { secret?: string; before?: string }]>([
    ['a drawn one', {}],
    ['a given one', { secret: 'whsec_given_by_the_tenant' }],
    ['the one it had already', { secret: 'whsec_of_before_and_after', before: 'whsec_of_before_and_after' }],
  ])("replaces a webhook's secret by %s, and takes no newer one back", async (_, { secret, before }) => {
    const { body } = await send<{ webhooks: Webhook[] }>('GET', '/api/v1/webhooks');
    const { id } = body.webhooks[0]!;
    const path = `/api/v1/webhooks/${id}/rotate-secret`;
    const sealed = async (): Promise<unknown> =>
      api.dataSource.query(`SELECT secret, previous_secret, previous_until FROM webhook_subscription WHERE id = $1`, [
        id,
      ]);
    if (before) await send('POST', path, { secret: before });
    let newer: unknown;
    const meanwhile = async (): Promise<void> => {
      for (let n = 0; n < 2; n += 1) await send('POST', path, {});
      newer = await sealed();
    };
    const [first, late] = await postTwice<WithSecret>(path, secret ? { secret } : {}, { meanwhile });
    expect([first.status, late.status]).toEqual([200, 200]);
    expect(await sealed()).toEqual(newer);
  });

  it.each([false, true])('adds a key once (with If-Match: %s)', async (withEpoch) => {
    await send('DELETE', '/api/v1/byok?provider=deepgram');
    const { epoch } = await slot();
    const headers: Record<string, string> = withEpoch ? { 'if-match': String(epoch) } : {};
    const [first, second] = await postTwice('/api/v1/byok', keyBody(), { headers });
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect((await slot()).epoch).toBe(epoch + 1);
  });

  it('rotates once, and takes no newer key away', async () => {
    const path = '/api/v1/byok/keys/deepgram/rotate';
    const [first, second] = await postTwice<Slot>(path, { api_key: api.plantKey('') });
    expect(second.text).toBe(first.text);
    let newer: Slot | undefined;
    const [, late] = await postTwice<Slot>(
      path,
      { api_key: api.plantKey('') },
      { meanwhile: async () => (newer = (await send<Slot>('POST', path, { api_key: api.plantKey('') })).body) },
    );
    expect(late.body).toMatchObject({ secret_id: newer!.secret_id, version: newer!.version, epoch: newer!.epoch });
    expect((await slot()).secret_id).toBe(newer!.secret_id);
  });

  it('goes back once: not forth again', async () => {
    const before = await slot();
    const [first, second] = await postTwice<Slot>('/api/v1/byok/keys/deepgram/rollback', {});
    expect(first.body.version).toBeLessThan(before.version);
    expect(second.text).toBe(first.text);
  });

  it('is run for the request that it was, and for no other', async () => {
    const key = 'takeover by another';
    const headers = { 'idempotency-key': key };
    const create = (name: string): Promise<Answer<ErrorBody>> =>
      api.call<ErrorBody>(acme.token, 'POST', '/api/v1/assistants', { body: { name }, headers });
    await create('Own');
    await api.dataSource.query(`UPDATE idempotent_request SET answer = NULL, locked_until = now() WHERE key = $1`, [
      key,
    ]);
    expectError(await create('Other'), 409, 'idempotency_key_reused');
    expect((await create('Own')).status).toBe(201);
  });

  it('revokes once, and no key that was stored since', async () => {
    const [, second] = await postTwice<Slot>('/api/v1/byok/keys/deepgram/revoke', undefined, {
      meanwhile: () => send('POST', '/api/v1/byok', keyBody()),
    });
    expect(second.status).toBe(200);
    expect(await slot()).toMatchObject({ state: 'active' });
  });

  it('leaves no key in an answer, a log line or an event', () => expect(api.leaks()).toEqual([]));
});
