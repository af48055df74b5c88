import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminToken, ConfigApiFixture } from './config-api.fixture.js';

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
const providers = [
  'deepgram',
  'openai',
  'elevenlabs',
  'inworld',
  'resend',
  'xai',
  'gladia',
  'mistral',
  'google',
  'google_vertex',
];

/** Reads from top to bottom: the tests of this file are steps of one story. */
describe("an organization's keys over HTTP", () => {
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

  it('the operator creates organizations and shows each token once', async () => {
    const created = await api.call(adminToken, 'POST', '/api/v1/organizations', {
      body: { name: ' Acme Berlin ', parent_org_id: acme.id },
    });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.stringMatching(uuid),
      name: 'Acme Berlin',
      parent_org_id: acme.id,
      default_fallback: 'when_missing',
      api_key: expect.stringMatching(/^lk_live_[A-Za-z0-9-]{12,}_[A-Za-z0-9_-]{43}$/),
      created_at: expect.any(String),
    });

    const own = await api.call<{ organizations: Row[] }>(acme.token, 'GET', '/api/v1/organizations');
    expect(own.body.organizations.map(({ name }) => name)).toEqual(['Acme']);
    const family = await api.call<{ organizations: Row[] }>(
      acme.token,
      'GET',
      '/api/v1/organizations?include_children=true',
    );
    expect(family.body.organizations.map(({ name }) => name)).toEqual(['Acme', 'Acme Berlin']);
    const all = await api.call<{ organizations: Row[] }>(adminToken, 'GET', '/admin/v1/organizations');
    expect(all.body.organizations.map(({ name }) => name)).toEqual(['platform', 'Acme', 'Acme Berlin']);
    expect(all.text).not.toContain('api_key');
  });

  it('a new organization has a property for every provider and no key', async () => {
    const answer = await api.call<KeyMap>(acme.token, 'GET', '/api/v1/byok');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ byok_keys: Object.fromEntries(providers.map((id) => [`${id}_secret_id`, null])) });
  });

  it('adding a key answers the full map, and a replacement has a new secret id', async () => {
    const add = { provider: 'openai', api_key: api.plantKey('sk-') };
    const added = await api.call<KeyMap>(acme.token, 'POST', '/api/v1/byok', { body: add });
    expect(added.status).toBe(200);
    expect(added.body.success).toBe(true);
    expect(Object.keys(added.body.byok_keys)).toHaveLength(providers.length);
    expect(added.body.byok_keys['openai_secret_id']).toMatch(uuid);

    const replace = { provider: 'openai', api_key: `  ${api.plantKey('sk-')}\n` };
    const replaced = await api.call<KeyMap>(acme.token, 'POST', '/api/v1/byok', { body: replace });
    expect(replaced.body.byok_keys['openai_secret_id']).toMatch(uuid);
    expect(replaced.body.byok_keys['openai_secret_id']).not.toBe(added.body.byok_keys['openai_secret_id']);
    const { body } = await api.call<{ versions: Row[] }>(acme.token, 'GET', '/api/v1/byok/keys/openai/versions');
    expect(body.versions.map(({ state }) => state)).toEqual(['active', 'retiring']);
    const secondsLeft = (Date.parse(String(body.versions[1]!['retires_at'])) - Date.now()) / 1000;
    expect(secondsLeft).toBeCloseTo(900, -1);
  });

  it('every provider has a row that says what is stored and what happens without it', async () => {
    const key = api.plantKey('sk-');
    await api.call(acme.token, 'POST', '/api/v1/byok', { body: { provider: 'openai', api_key: key } });
    const answer = await api.call<{ keys: Row[] }>(acme.token, 'GET', '/api/v1/byok/keys');
    expect(answer.body.keys.map(({ provider }) => provider)).toEqual(providers);
    expect(answer.body.keys.find(({ provider }) => provider === 'openai')).toEqual({
      provider: 'openai',
      state: 'active',
      secret_id: expect.stringMatching(uuid),
      version: 3,
      epoch: 3,
      hint: `sk-…${key.slice(-4)}`,
      fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
      created_at: expect.any(String),
      created_by: expect.stringMatching(/^token:/),
      expires_at: null,
      last_used: null,
      last_validated: null,
      last_failure: null,
      fallback: 'when_missing',
      allowed_models: null,
      region: null,
      shared: false,
      without_key: 'no_platform_key',
      live_calls_by_version: [{ version: 3, secret_id: expect.any(String), live_calls: 0 }],
    });
    expect(answer.body.keys.find(({ provider }) => provider === 'resend')).toMatchObject({
      state: 'empty',
      secret_id: null,
      epoch: 0,
      without_key: 'no_platform_key',
    });
  });

  it('the same key has the same fingerprint, and a short key no hint', async () => {
    const body = { provider: 'gladia', api_key: 'short-key' };
    await api.call(acme.token, 'POST', '/api/v1/byok', { body });
    const first = await keyRow('gladia');
    await api.call(acme.token, 'POST', '/api/v1/byok', { body });
    const second = await keyRow('gladia');
    expect(first?.['hint']).toBeNull();
    expect(second?.['fingerprint']).toBe(first?.['fingerprint']);
    expect(second?.['secret_id']).not.toBe(first?.['secret_id']);
  });

  it('rotating answers the new version and its epoch as the ETag', async () => {
    const body = { api_key: api.plantKey('sk-'), mode: 'immediate' };
    const answer = await api.call<SlotAnswer>(acme.token, 'POST', '/api/v1/byok/keys/openai/rotate', {
      body,
      headers: { 'if-match': '"3"' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe('"4"');
    expect(answer.body).toMatchObject({ success: true, provider: 'openai', version: 4, epoch: 4 });
    expect(answer.body.byok_keys['openai_secret_id']).toBe(answer.body.secret_id);
  });

  it('the history says which versions nobody needs any more', async () => {
    await api.dataSource.query(
      `INSERT INTO receipt (organization_id, call_id, day, resolved_at, live_until, components)
       VALUES ($1, 'call-1', current_date, now(), now() + interval '1 hour', $2)`,
      [acme.id, JSON.stringify([{ component: 'llm', slot: 'openai', source: 'tenant', version: 3 }])],
    );
    await api.dataSource.query(
      `UPDATE key_version SET state = 'retiring', retires_at = now() - interval '1 second'
       WHERE organization_id = $1 AND provider = 'openai' AND version = 2`,
      [acme.id],
    );
    const answer = await api.call<{ versions: Row[] }>(acme.token, 'GET', '/api/v1/byok/keys/openai/versions');
    expect(answer.headers.get('etag')).toBe('"4"');
    expect(answer.body.versions).toMatchObject([
      { version: 4, state: 'active', live_calls: 0, safe_to_delete: false },
      { version: 3, state: 'retired', live_calls: 1, safe_to_delete: false },
      {
        version: 2,
        state: 'retired',
        live_calls: 0,
        safe_to_delete: true,
        advice: '0 live calls on version 2: safe to delete it at the provider',
      },
      { version: 1, state: 'retired', safe_to_delete: true },
    ]);
    expect((await keyRow('openai'))?.['live_calls_by_version']).toMatchObject([
      { version: 4, live_calls: 0 },
      { version: 3, live_calls: 1 },
    ]);
  });

  it('a graceful rotation lets live calls keep the old version for the overlap', async () => {
    const body = { api_key: api.plantKey('sk-'), overlap_seconds: 60 };
    await api.call(acme.token, 'POST', '/api/v1/byok/keys/openai/rotate', { body });
    const answer = await api.call<{ versions: Row[] }>(acme.token, 'GET', '/api/v1/byok/keys/openai/versions');
    const [current, previous] = answer.body.versions;
    expect(current).toMatchObject({ version: 5, state: 'active', retires_at: null });
    expect(previous).toMatchObject({ version: 4, state: 'retiring' });
    const secondsLeft = (Date.parse(String(previous?.['retires_at'])) - Date.now()) / 1000;
    expect(secondsLeft).toBeGreaterThan(50);
    expect(secondsLeft).toBeLessThanOrEqual(61);
  });

  it('revoking needs no body, and doing it twice changes nothing the second time', async () => {
    const revoke = (): ReturnType<typeof api.call<SlotAnswer>> =>
      api.call<SlotAnswer>(acme.token, 'POST', '/api/v1/byok/keys/openai/revoke', {
        headers: { 'content-type': 'application/json' },
      });
    const first = await revoke();
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ success: true, secret_id: null, version: null, epoch: 6 });
    const second = await revoke();
    expect(second.status).toBe(200);
    expect(second.body).toEqual(first.body);
    expect(await keyRow('openai')).toMatchObject({ state: 'revoked', without_key: 'unresolved' });
    const nothing = await api.call(acme.token, 'POST', '/api/v1/byok/keys/xai/revoke');
    expect(nothing.status).toBe(404);
  });

  it('a rotation brings a revoked slot back, and is refused where there never was a key', async () => {
    const body = { api_key: api.plantKey('xai-') };
    const back = await api.call<SlotAnswer>(acme.token, 'POST', '/api/v1/byok/keys/openai/rotate', { body });
    expect(back.body).toMatchObject({ epoch: 7, version: 6, secret_id: expect.stringMatching(uuid) });
    const never = await api.call(acme.token, 'POST', '/api/v1/byok/keys/xai/rotate', { body });
    expect(never.status).toBe(404);
    expect(never.body).toMatchObject({ code: 'not_found', param: 'provider' });
  });

  it('a removed key is gone, by body or by query, and removing nothing is 404', async () => {
    const removed = await api.call<KeyMap>(acme.token, 'DELETE', '/api/v1/byok', { body: { provider: 'openai' } });
    expect(removed.status).toBe(200);
    expect(removed.body).toMatchObject({ success: true, byok_keys: { openai_secret_id: null } });
    const map = await api.call<KeyMap>(acme.token, 'GET', '/api/v1/byok');
    expect(map.body.byok_keys['openai_secret_id']).toBeNull();
    expect(map.body.byok_keys['gladia_secret_id']).toMatch(uuid);
    expect((await api.call(acme.token, 'DELETE', '/api/v1/byok?provider=gladia')).status).toBe(200);
    expect((await api.call(acme.token, 'DELETE', '/api/v1/byok?provider=gladia')).status).toBe(404);
    expect(await keyRow('openai')).toMatchObject({ state: 'empty', hint: null, fingerprint: null });
  });

  it('no answer, log line or event held a key', () => {
    expect(api.leaks()).toEqual([]);
  });
});
