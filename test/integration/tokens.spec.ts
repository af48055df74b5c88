import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminToken, ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

interface Token extends ErrorBody {
  id: string;
  name: string | null;
  scopes: string[];
  state: string;
  last_used_at: string | null;
  api_key: string;
}
interface Tokens {
  tokens: Token[];
  next_cursor: string | null;
}

const allScopes = ['byok:read', 'byok:write', 'assistants:write', 'admin'];

describe('tokens of an organization', () => {
  let api: ConfigApiFixture;
  let acme: { id: string; token: string };

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    acme = await api.createOrganization('Acme');
  }, 60_000);
  afterAll(() => api.stop());

  const make = (by: string, body: object, path = '/api/v1/tokens'): Promise<Answer<Token>> =>
    api.call<Token>(by, 'POST', path, { body });
  const list = (by: string, query = ''): Promise<Answer<Tokens>> =>
    api.call<Tokens>(by, 'GET', `/api/v1/tokens${query}`);
  const revoke = (by: string, id: string): Promise<Answer<ErrorBody & { token: Token }>> =>
    api.call<ErrorBody & { token: Token }>(by, 'DELETE', `/api/v1/tokens/${id}`);
  const idOf = (token: string): string => /^lk_live_([^_]+)_/.exec(token)![1]!;

  it('the first one may do everything, more are made with a name, scopes and an end', async () => {
    const expires_at = '2099-01-31T00:00:00.000Z';
    const made = await make(acme.token, { name: ' reader ', scopes: ['byok:read'], expires_at });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.any(String),
      name: 'reader',
      scopes: ['byok:read'],
      state: 'active',
      created_at: expect.any(String),
      expires_at,
      last_used_at: null,
      revoked_at: null,
      api_key: expect.stringMatching(/^lk_live_/),
    });
    expect((await api.call(made.body.api_key, 'GET', '/api/v1/byok')).status).toBe(200);

    const all = await list(acme.token);
    expect(all.body.tokens).toMatchObject([{ name: 'reader' }, { name: null, scopes: allScopes }]);
    expect(all.text).not.toContain(made.body.api_key.slice(-43));
    const rows = await api.dataSource.query<object[]>('SELECT * FROM api_token');
    expect(JSON.stringify(rows)).not.toContain(made.body.api_key.slice(-43));
  });

  it('every route wants the scope that it is documented with, and says which', async () => {
    const byScope = new Map<string, string>();
    for (const scope of allScopes) {
      byScope.set(scope, (await make(acme.token, { name: scope, scopes: [scope] })).body.api_key);
    }
    const routes = await tenantRoutes(api);
    expect(routes.length).toBeGreaterThan(15);
    for (const { method, path } of routes) {
      const needed = scopesFor(method, path);
      for (const [scope, token] of byScope) {
        const answer = await api.call<ErrorBody>(token, method, path, { body: method === 'GET' ? undefined : {} });
        const where = `${method} ${path} with ${scope}`;
        if (needed.includes(scope)) expect([where, answer.status]).not.toEqual([where, 403]);
        else
          expect([where, answer.status, answer.body.message]).toEqual([where, 403, expect.stringContaining('scope')]);
      }
    }
    const reader = byScope.get('byok:read')!;
    const refused = await api.call<ErrorBody>(reader, 'POST', '/api/v1/byok', { body: {} });
    expect(expectError(refused, 403, 'forbidden').message).toContain('byok:write');
  });

  it('a token gives only what it has itself', async () => {
    const { body: clerk } = await make(acme.token, { name: 'clerk', scopes: ['admin', 'byok:write'] });
    expect((await make(clerk.api_key, { name: 'a', scopes: ['byok:read', 'admin'] })).status).toBe(201);
    const refused = await make(clerk.api_key, { name: 'b', scopes: ['assistants:write'] });
    expect(expectError(refused, 403, 'forbidden').message).toContain('assistants:write');
  });

  it.each([
    [{ scopes: ['byok:read'] }, 'name'],
    [{ name: 'x', scopes: [] }, 'scopes'],
    [{ name: 'x', scopes: ['everything'] }, 'scopes.0'],
    [{ name: 'x', scopes: ['byok:read'], expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    [{ name: 'x', scopes: ['byok:read'], expires_at: 'soon' }, 'expires_at'],
  ])('%j is refused', async (body, param) => {
    const answer = await make(acme.token, body);
    expect([answer.status, answer.body.param]).toEqual([400, param]);
  });

  it('a revoked token is refused by every instance once revoking has returned, and an expired one is', async () => {
    const other = await api.addInstance();
    const { body: made } = await make(acme.token, { name: 'leaked', scopes: ['byok:read'] });
    expect((await api.call(made.api_key, 'GET', '/api/v1/byok', { at: other })).status).toBe(200);
    const first = await revoke(acme.token, made.id);
    expect(first.body).toMatchObject({ success: true, token: { id: made.id, state: 'revoked' } });
    expectError(await api.call<ErrorBody>(made.api_key, 'GET', '/api/v1/byok', { at: other }), 401, 'api_key_revoked');
    expect((await revoke(acme.token, made.id)).body).toEqual(first.body);

    const { body: brief } = await make(acme.token, { name: 'brief', scopes: ['byok:read'] });
    await api.dataSource.query('UPDATE api_token SET expires_at = now() WHERE id = $1', [brief.id]);
    expectError(await api.call<ErrorBody>(brief.api_key, 'GET', '/api/v1/byok'), 401, 'api_key_expired');
    const states = (await list(acme.token)).body.tokens.map(({ name, state }) => [name, state]);
    expect(states).toEqual(
      expect.arrayContaining([
        ['brief', 'expired'],
        ['leaked', 'revoked'],
      ]),
    );
  });

  it('nobody sees or revokes the tokens of others', async () => {
    const globex = await api.createOrganization('Globex');
    expectError(await revoke(globex.token, idOf(acme.token)), 404, 'not_found');
    expect((await list(globex.token)).body.tokens.map(({ id }) => id)).toEqual([idOf(globex.token)]);
    expect((await list(acme.token)).text).not.toContain(idOf(globex.token));
  });

  it('of two admins that revoke each other one stays, and only the operator revokes the last', async () => {
    const initech = await api.createOrganization('Initech');
    const second = (await make(initech.token, { name: 'second', scopes: ['admin'] })).body;
    const answers = await Promise.all([revoke(initech.token, second.id), revoke(second.api_key, idOf(initech.token))]);
    const outcomes = answers.map(({ status, body }) => (status === 200 ? 200 : body.code)).sort();
    expect(outcomes[0]).toBe(200);
    expect(['last_admin_token', 'api_key_revoked']).toContain(outcomes[1]);

    const path = `/admin/v1/organizations/${initech.id}/tokens`;
    const kept = (await api.call<Tokens>(adminToken, 'GET', path)).body.tokens.find(({ state }) => state === 'active')!;
    const keptKey = kept.id === second.id ? second.api_key : initech.token;
    expectError(await revoke(keptKey, kept.id), 409, 'last_admin_token');
    expect((await api.call(adminToken, 'DELETE', `${path}/${kept.id}`)).status).toBe(200);
    const rescued = await make(adminToken, { name: 'rescue', scopes: ['admin'] }, path);
    expect((await list(rescued.body.api_key)).status).toBe(200);
  });

  it('a token with the scope admin that ends within a day is no other that could stay', async () => {
    const hooli = await api.createOrganization('Brief');
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    await make(hooli.token, { name: 'brief', scopes: ['admin'], expires_at: inAnHour });
    expectError(await revoke(hooli.token, idOf(hooli.token)), 409, 'last_admin_token');
    await make(hooli.token, { name: 'lasting', scopes: ['admin'] });
    expect((await revoke(hooli.token, idOf(hooli.token))).status).toBe(200);
  });

  it('the operator has no tokens of the platform or of organizations that do not exist', async () => {
    for (const id of ['00000000-0000-0000-0000-000000000000', '11111111-1111-4111-8111-111111111111', 'x']) {
      const path = `/admin/v1/organizations/${id}/tokens`;
      expectError(await make(adminToken, { name: 'x', scopes: ['admin'] }, path), 404, 'not_found');
      expectError(await api.call<ErrorBody>(adminToken, 'GET', path), 404, 'not_found');
    }
    expectError(
      await api.call<ErrorBody>(acme.token, 'GET', `/admin/v1/organizations/${acme.id}/tokens`),
      403,
      'forbidden',
    );
  });

  it('the list comes in pages', async () => {
    const hooli = await api.createOrganization('Hooli');
    for (let n = 1; n <= 4; n += 1) await make(hooli.token, { name: `t${n}`, scopes: ['byok:read'] });
    const names: (string | null)[] = [];
    let cursor = '';
    for (let page = 0; page < 3; page += 1) {
      const { body } = await list(hooli.token, `?limit=2${cursor}`);
      names.push(...body.tokens.map(({ name }) => name));
      cursor = `&cursor=${body.next_cursor}`;
      expect(body.next_cursor === null).toBe(page === 2);
    }
    expect(names).toEqual(['t4', 't3', 't2', 't1', null]);
    expect((await list(hooli.token, '?limit=0')).status).toBe(400);
  });

  it('says when a token was last used, and writes that once a minute', async () => {
    const umbrella = await api.createOrganization('Umbrella');
    const writes = async (): Promise<{ last_used_at: Date | null; xmin: string }[]> =>
      api.dataSource.query('SELECT last_used_at, xmin FROM api_token WHERE organization_id = $1', [umbrella.id]);
    await api.call(umbrella.token, 'GET', '/api/v1/byok');
    let [row] = await writes();
    for (let waited = 0; !row?.last_used_at && waited < 5_000; waited += 100) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      [row] = await writes();
    }
    expect(Math.abs(Date.now() - row!.last_used_at!.getTime())).toBeLessThan(10_000);
    await api.call(umbrella.token, 'GET', '/api/v1/byok');
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(await writes()).toEqual([row]);
    expect((await list(umbrella.token)).body.tokens[0]?.last_used_at).toBe(row!.last_used_at!.toISOString());
  });
});

/** Every route of the document that an organization's token opens, with made-up path parameters. */
async function tenantRoutes(api: ConfigApiFixture): Promise<{ method: string; path: string }[]> {
  interface Operation {
    security?: Record<string, string[]>[];
  }
  const { body } = await api.call<{ paths: Record<string, Record<string, Operation>> }>(
    undefined,
    'GET',
    '/api/v1/openapi.json',
  );
  return Object.entries(body.paths).flatMap(([pattern, operations]) =>
    Object.entries(operations)
      .filter(([, { security }]) => security?.some((scheme) => 'organizationToken' in scheme))
      .map(([method]) => ({
        method: method.toUpperCase(),
        path: pattern.replace('{provider}', 'gladia').replaceAll(/\{\w+\}/g, '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a'),
      })),
  );
}

/** The contract's rule, said once more. */
function scopesFor(method: string, path: string): string[] {
  const reads = method === 'GET';
  if (/^\/api\/v1\/(organizations|tokens)/.test(path)) return ['admin'];
  if (path.startsWith('/api/v1/webhooks') && !reads) return ['admin'];
  if (path.startsWith('/api/v1/calls')) return ['byok:read', 'byok:write'];
  if (path.endsWith('/preflight')) return ['byok:read', 'byok:write', 'assistants:write'];
  if (/^\/api\/v1\/(assistants|agents)/.test(path)) {
    return reads ? ['byok:read', 'byok:write', 'assistants:write'] : ['assistants:write'];
  }
  return reads ? ['byok:read', 'byok:write'] : ['byok:write'];
}
