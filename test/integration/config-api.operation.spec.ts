import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminToken, ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

interface KeyMap {
  success?: true;
  byok_keys: Record<string, string | null>;
}
interface SlotAnswer extends KeyMap {
  provider: string;
  secret_id: string | null;
  version: number | null;
  epoch: number;
}
interface Row {
  provider: string;
  [field: string]: unknown;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('platform keys, receipts and the state of the service over HTTP', () => {
  let api: ConfigApiFixture;
  let acme: { id: string; token: string };

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    acme = await api.createOrganization('Acme');
  }, 60_000);
  afterAll(() => api.stop());

  const keyRow = async (provider: string): Promise<Row | undefined> => {
    const { body } = await api.call<{ keys: Row[] }>(acme.token, 'GET', '/api/v1/byok/keys');
    return body.keys.find((row) => row.provider === provider);
  };

  it('the policy decides whether the platform key may take the place', async () => {
    const platformKey = { provider: 'deepgram', api_key: api.plantKey('') };
    const set = await api.call<KeyMap>(adminToken, 'POST', '/admin/v1/platform/byok', { body: platformKey });
    expect(set.body.byok_keys['deepgram_secret_id']).toMatch(uuid);
    expect(await keyRow('deepgram')).toMatchObject({ state: 'empty', without_key: 'platform', epoch: 0 });

    const answer = await api.call<SlotAnswer>(acme.token, 'PUT', '/api/v1/byok/keys/deepgram/policy', {
      body: { fallback: 'never' },
      headers: { 'if-match': '0' },
    });
    expect(answer.body).toMatchObject({ success: true, provider: 'deepgram', secret_id: null, epoch: 1 });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(await keyRow('deepgram')).toMatchObject({ fallback: 'never', without_key: 'unresolved' });
  });

  it('an expiry date is refused while there is no key for it, instead of forgotten with the next', async () => {
    const { token } = await api.createOrganization('Early');
    const put = (body: object): Promise<Answer<ErrorBody>> =>
      api.call<ErrorBody>(token, 'PUT', '/api/v1/byok/keys/openai/policy', { body });
    const early = { fallback: 'never', expires_at: '2031-01-31T00:00:00Z' };
    expect(expectError(await put(early), 404, 'not_found').param).toBe('expires_at');
    expect((await put({ fallback: 'never', expires_at: null })).status).toBe(200);
    await api.call(token, 'POST', '/api/v1/byok', { body: { provider: 'openai', api_key: api.plantKey('sk-') } });
    expect((await put(early)).status).toBe(200);
    await api.call(token, 'POST', '/api/v1/byok/keys/openai/revoke');
    expect((await put(early)).status).toBe(200); // What a revoked slot shows may be sent back.
    expectError(await put({ expires_at: '2032-01-31T00:00:00Z' }), 404, 'not_found');
  });

  it('what a policy does not name stays, and null takes it away', async () => {
    const limits = { expires_at: '2099-01-31T00:00:00.000Z', allowed_models: ['scribe_v2'], region: 'eu' };
    const none = { expires_at: null, allowed_models: null, region: null };
    const set = (body: object): Promise<unknown> =>
      api.call(acme.token, 'PUT', '/api/v1/byok/keys/elevenlabs/policy', { body });
    await api.call(acme.token, 'POST', '/api/v1/byok', {
      body: { provider: 'elevenlabs', api_key: api.plantKey('') },
    });
    await set({ fallback: 'never', ...limits });
    for (const [name, epoch] of [
      ['expires_at', 3],
      ['allowed_models', 4],
      ['region', 5],
    ] as const) {
      await set({ [name]: null });
      expect(await keyRow('elevenlabs')).toMatchObject({ fallback: 'never', ...limits, [name]: null, epoch });
      Object.assign(limits, { [name]: null });
    }
    await set({ fallback: null });
    expect(await keyRow('elevenlabs')).toMatchObject({ fallback: 'when_missing', ...none });
  });

  it('the operator rotates, revokes and removes platform keys', async () => {
    const body = { api_key: api.plantKey('') };
    const path = '/admin/v1/platform/byok';
    const rotated = await api.call<SlotAnswer>(adminToken, 'POST', `${path}/keys/deepgram/rotate`, { body });
    expect(rotated.body).toMatchObject({ version: 2, epoch: 2 });
    expect(rotated.headers.get('etag')).toBe('"2"');
    const map = await api.call<KeyMap>(adminToken, 'GET', path);
    expect(map.body.byok_keys['deepgram_secret_id']).toBe(rotated.body.secret_id);
    const revoked = await api.call<SlotAnswer>(adminToken, 'POST', `${path}/keys/deepgram/revoke`);
    expect(revoked.body).toMatchObject({ secret_id: null, epoch: 3 });
    const removed = await api.call<KeyMap>(adminToken, 'DELETE', `${path}?provider=deepgram`);
    expect(removed.body.byok_keys['deepgram_secret_id']).toBeNull();
  });

  it("the operator sees the platform's slots, with the calls of all organizations that hold its keys", async () => {
    const path = '/admin/v1/platform/byok';
    const body = { provider: 'xai', api_key: api.plantKey('xai-') };
    const { body: stored } = await api.call<KeyMap>(adminToken, 'POST', path, { body });
    const component = { component: 'llm', provider: 'xai', slot: 'xai', status: 'resolved', source: 'platform' };
    await api.dataSource.query(
      `INSERT INTO receipt (organization_id, call_id, day, resolved_at, live_until, components)
       VALUES ($1, 'on-the-platform', current_date, now(), now() + interval '1 minute', $2)`,
      [acme.id, JSON.stringify([{ ...component, secret_id: stored.byok_keys['xai_secret_id'], version: 1, epoch: 1 }])],
    );
    const { body: list } = await api.call<{ keys: Row[] }>(adminToken, 'GET', `${path}/keys`);
    const row = list.keys.find(({ provider }) => provider === 'xai');
    const { body: one } = await api.call<Row>(adminToken, 'GET', `${path}/keys/xai`);
    expect(one).toEqual(row);
    expect(row).toMatchObject({ state: 'active', live_calls_by_version: [{ version: 1, live_calls: 1 }] });
    expect(await keyRow('xai')).toMatchObject({ state: 'empty', live_calls_by_version: [] });
    const history = await api.call<{ versions: Row[] }>(adminToken, 'GET', `${path}/keys/xai/versions`);
    expect(history.headers.get('etag')).toBe('"1"');
    expect(history.body.versions).toMatchObject([{ version: 1, live_calls: 1, safe_to_delete: false }]);
  });

  it("another's key takes no place when it has expired or is not shared", async () => {
    const child = await api.createOrganization('Fallback', acme.id);
    const withoutKey = async (): Promise<unknown> =>
      (await api.call<Row>(child.token, 'GET', '/api/v1/byok/keys/inworld')).body['without_key'];
    const policy = (token: string, path: string, body: object): Promise<unknown> =>
      api.call(token, 'PUT', `${path}/keys/inworld/policy`, { body });
    const owners = [
      ['platform', adminToken, '/admin/v1/platform/byok', {}],
      ['inherited', acme.token, '/api/v1/byok', { shared: true }],
    ] as const;
    for (const [source, token, path, sharing] of owners) {
      const before = await withoutKey();
      await api.call(token, 'POST', path, { body: { provider: 'inworld', api_key: api.plantKey('') } });
      if (source === 'inherited') expect(await withoutKey()).toBe(before);
      await policy(token, path, { ...sharing, expires_at: '2020-01-01T00:00:00Z' });
      expect(await withoutKey()).toBe(before);
      await policy(token, path, { expires_at: null });
      expect(await withoutKey()).toBe(source);
    }
  });

  it("nobody's key takes the place of the platform's own", async () => {
    const path = '/admin/v1/platform/byok';
    await api.call<KeyMap>(adminToken, 'POST', path, { body: { provider: 'resend', api_key: api.plantKey('re_') } });
    const { body } = await api.call<Row>(adminToken, 'GET', `${path}/keys/resend`);
    expect(body).toMatchObject({ state: 'active', without_key: 'no_platform_key' });
    expect(await keyRow('resend')).toMatchObject({ state: 'empty', without_key: 'platform' });
  });

  it("an agency sees its children's calls on the key it shares, and a child no calls of others", async () => {
    const child = await api.createOrganization('Child', acme.id);
    const path = '/api/v1/byok';
    const body = { provider: 'gladia', api_key: api.plantKey('') };
    await api.call(acme.token, 'POST', path, { body });
    await api.call(child.token, 'POST', path, { body: { ...body, api_key: api.plantKey('') } });
    const component = {
      component: 'stt',
      provider: 'gladia',
      slot: 'gladia',
      status: 'resolved',
      version: 1,
      epoch: 1,
    };
    const inherited = { ...component, source: 'inherited', inherited_from: acme.id, secret_id: acme.id };
    await api.dataSource.query(
      `INSERT INTO receipt (organization_id, call_id, day, resolved_at, live_until, components)
       VALUES ($1, 'inherits', current_date, now(), now() + interval '1 minute', $2)`,
      [child.id, JSON.stringify([inherited])],
    );
    const liveCalls = async (token: string): Promise<unknown> => {
      const { body: history } = await api.call<{ versions: Row[] }>(token, 'GET', `${path}/keys/gladia/versions`);
      return history.versions.map((version) => version['live_calls']);
    };
    expect(await liveCalls(acme.token)).toEqual([1]);
    expect(await liveCalls(child.token)).toEqual([0]);
  });

  it('the receipt of a call says whose key every component got', async () => {
    const component = { component: 'llm', provider: 'openai', slot: 'openai', status: 'resolved' };
    const resolved = { ...component, source: 'tenant', secret_id: acme.id, version: 3, epoch: 3 };
    const unresolved = {
      component: 'stt',
      provider: 'deepgram',
      slot: 'deepgram',
      status: 'unresolved',
      reason: 'no_key',
    };
    await api.dataSource.query(
      `INSERT INTO receipt (organization_id, call_id, day, resolved_at, live_until, components)
       VALUES ($1, 'call/2', current_date, '2026-11-20T10:00:00Z', now(), $2)`,
      [acme.id, JSON.stringify([resolved, unresolved])],
    );
    const answer = await api.call(acme.token, 'GET', '/api/v1/calls/call%2F2/keys');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      call_id: 'call/2',
      organization_id: acme.id,
      resolved_at: '2026-11-20T10:00:00.000Z',
      ended_at: null,
      components: [resolved, unresolved],
    });
  });

  it('the catalogue lists providers with their models', async () => {
    const { body } = await api.call<{ providers: Row[] }>(acme.token, 'GET', '/api/v1/byok/config');
    expect(body.providers[0]).toMatchObject({
      id: 'deepgram',
      name: 'Deepgram',
      category: 'stt',
      docsUrl: expect.stringMatching(/^https:/),
      models: expect.arrayContaining([{ id: 'nova-3', name: expect.any(String), default: true }]),
    });
  });

  it('says that it is alive and ready, and counts', async () => {
    expect((await api.call(undefined, 'GET', '/')).body).toHaveProperty('links');
    expect((await api.call(undefined, 'GET', '/health/live')).body).toEqual({ status: 'live' });
    const ready = await api.call(undefined, 'GET', '/health/ready');
    expect(ready.status).toBe(200);
    expect(ready.body).toMatchObject({
      status: 'ready',
      checks: { postgres: { healthy: true }, kek: { healthy: true } },
    });
    const { text } = await api.call(undefined, 'GET', '/metrics');
    expect(text).toMatch(/^latchkey_key_changes_total\{operation="revoke"\} \d/m);
    expect(text).toMatch(
      /^latchkey_http_request_seconds_count\{method="GET",route="\/api\/v1\/byok\/keys",status="200"\}/m,
    );
  });

  it('no answer, log line or event held a key', () => {
    expect(api.leaks()).toEqual([]);
  });
});
