import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  adminToken,
  ConfigApiFixture,
  expectError,
  type Answer,
  type ErrorBody,
  type Sent,
} from './config-api.fixture.js';

interface Organization extends ErrorBody {
  id: string;
  name: string;
  parent_org_id?: string;
  default_fallback: string;
  api_key: string;
}
interface Organizations {
  organizations: Organization[];
  next_cursor: string | null;
}
interface Row {
  provider: string;
  epoch: number;
  created_by: string | null;
  fallback: string;
}

describe('agencies and their children', () => {
  let api: ConfigApiFixture;
  let agency: { id: string; token: string };
  let child: { id: string; token: string };
  let stranger: { id: string; token: string };

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    agency = await api.createOrganization('Agency');
    stranger = await api.createOrganization('Stranger');
  }, 60_000);
  afterAll(() => api.stop());

  const actFor = <T = ErrorBody>(id: string, method: string, path: string, sent: Sent = {}): Promise<Answer<T>> =>
    api.call<T>(agency.token, method, path, { ...sent, headers: { 'x-latchkey-organization': id } });
  const organizations = (token: string, query = ''): Promise<Answer<Organizations>> =>
    api.call<Organizations>(token, 'GET', `/api/v1/organizations${query}`);
  const change = (token: string, id: string, body: object): Promise<Answer<Organization>> =>
    api.call<Organization>(token, 'PATCH', `/api/v1/organizations/${id}`, { body });
  const rowOf = async (token: string, provider: string): Promise<Row> =>
    (await api.call<Row>(token, 'GET', `/api/v1/byok/keys/${provider}`)).body;

  it('an organization makes children of its own and of nobody else', async () => {
    const path = '/api/v1/organizations';
    const made = await api.call<Organization>(agency.token, 'POST', path, { body: { name: 'Child' } });
    expect(made.status).toBe(201);
    expect(made.body.parent_org_id).toBe(agency.id);
    child = { id: made.body.id, token: made.body.api_key };
    const named = { name: 'Second', parent_org_id: agency.id };
    expect((await api.call<Organization>(agency.token, 'POST', path, { body: named })).status).toBe(201);
    const foreign = { name: 'Third', parent_org_id: stranger.id };
    expectError(await api.call<ErrorBody>(agency.token, 'POST', path, { body: foreign }), 403, 'forbidden');
    const platform = { name: 'Fourth', parent_org_id: '00000000-0000-0000-0000-000000000000' };
    expectError(await api.call<ErrorBody>(adminToken, 'POST', path, { body: platform }), 400, 'invalid_request');
  });

  it("a child's first token may do no more than the token that made it", async () => {
    const narrow = await api.call<Organization>(agency.token, 'POST', '/api/v1/tokens', {
      body: { name: 'hr', scopes: ['admin'] },
    });
    const made = await api.call<Organization>(narrow.body.api_key, 'POST', '/api/v1/organizations', {
      body: { name: 'Narrow' },
    });
    expectError(await api.call<ErrorBody>(made.body.api_key, 'GET', '/api/v1/byok'), 403, 'forbidden');
    expect((await organizations(made.body.api_key)).status).toBe(200);
  });

  it('sees its children when it asks for them, in pages, and nobody sees sideways or upwards', async () => {
    expect((await organizations(agency.token)).body.organizations.map(({ name }) => name)).toEqual(['Agency']);
    const family = await organizations(agency.token, '?include_children=true&limit=2');
    expect(family.body.organizations.map(({ name }) => name)).toEqual(['Agency', 'Child']);
    const rest = await organizations(agency.token, `?include_children=1&cursor=${family.body.next_cursor}`);
    expect(rest.body.organizations.map(({ name }) => name)).toEqual(['Second', 'Narrow']);
    expect(rest.body.next_cursor).toBeNull();
    const below = await organizations(child.token, '?include_children=true');
    expect(below.body.organizations.map(({ name }) => name)).toEqual(['Child']);
  });

  it("acts for a child with a header: the child's keys change, and history names the agency's token", async () => {
    const body = { provider: 'openai', api_key: api.plantKey('sk-') };
    expect((await actFor(child.id, 'POST', '/api/v1/byok', { body })).status).toBe(200);
    expect(await rowOf(child.token, 'openai')).toMatchObject({
      epoch: 1,
      created_by: `token:${/^lk_live_([^_]+)_/.exec(agency.token)![1]}`,
    });
    expect((await rowOf(agency.token, 'openai')).epoch).toBe(0);
    const own = await actFor<{ byok_keys: object }>(agency.id.toUpperCase(), 'GET', '/api/v1/byok');
    expect(JSON.stringify(own.body.byok_keys)).not.toMatch(/[0-9a-f]-/);
  });

  it('everybody else is 404, whether they exist or not, for reading, writing and in any spelling', async () => {
    const nobody = '11111111-1111-4111-8111-111111111111';
    const grandchild = await api.createOrganization('Grandchild', child.id);
    const bodies = new Set<string>();
    for (const id of [stranger.id, nobody, grandchild.id, 'child', '', `${child.id},${child.id}`]) {
      for (const [method, path] of [
        ['GET', '/api/v1/byok'],
        ['POST', '/api/v1/byok/keys/openai/revoke'],
        ['GET', '/api/v1/tokens'],
      ] as const) {
        const { request_id: _, ...rest } = expectError(await actFor(id, method, path), 404, 'organization_not_found');
        bodies.add(JSON.stringify(rest));
      }
    }
    expect(bodies.size).toBe(1);
    const upwards = { headers: { 'x-latchkey-organization': agency.id } };
    expectError(await api.call<ErrorBody>(child.token, 'GET', '/api/v1/byok', upwards), 404, 'organization_not_found');
    expectError(
      await api.call<ErrorBody>(adminToken, 'GET', '/admin/v1/organizations', upwards),
      400,
      'invalid_request',
    );
  });

  it("acts with its own token's scopes, and keeps a child reachable whose last token it revokes", async () => {
    const reader = await api.call<Organization>(agency.token, 'POST', '/api/v1/tokens', {
      body: { name: 'reader', scopes: ['byok:read'] },
    });
    const headers = { 'x-latchkey-organization': child.id };
    const read = await api.call(reader.body.api_key, 'GET', '/api/v1/byok', { headers });
    expect(read.status).toBe(200);
    const write = { headers, body: { provider: 'xai', api_key: api.plantKey('xai-') } };
    expectError(await api.call<ErrorBody>(reader.body.api_key, 'POST', '/api/v1/byok', write), 403, 'forbidden');

    const tokens = await actFor<{ tokens: { id: string }[] }>(child.id, 'GET', '/api/v1/tokens');
    const [first] = tokens.body.tokens;
    expect((await actFor(child.id, 'DELETE', `/api/v1/tokens/${first!.id}`)).status).toBe(200);
    expectError(await api.call<ErrorBody>(child.token, 'GET', '/api/v1/byok'), 401, 'api_key_revoked');
    const fresh = await actFor<Organization>(child.id, 'POST', '/api/v1/tokens', {
      body: { name: 'fresh', scopes: ['byok:write', 'admin'] },
    });
    child.token = fresh.body.api_key;
    expect((await api.call(child.token, 'GET', '/api/v1/byok')).status).toBe(200);
  });

  it('an organization is changed by itself, its agency and the operator', async () => {
    expect((await change(child.token, child.id, { name: 'Kid' })).body).toMatchObject({ id: child.id, name: 'Kid' });
    expect((await change(agency.token, child.id, { name: 'Kiddo' })).body.name).toBe('Kiddo');
    expect((await change(adminToken, child.id, { name: 'Child' })).body.name).toBe('Child');
    expectError(await change(child.token, agency.id, { name: 'Mine' }), 404, 'not_found');
    expectError(await change(stranger.token, child.id, { name: 'Mine' }), 404, 'not_found');
    expectError(await change(adminToken, '00000000-0000-0000-0000-000000000000', { name: 'x' }), 404, 'not_found');
    expectError(await change(child.token, child.id, {}), 400, 'invalid_request');
    expect((await change(child.token, child.id, { default_fallback: 'always' })).body.param).toBe('default_fallback');
  });

  it('another default fallback raises the epoch of the slots that follow it, and of no other', async () => {
    const org = await api.createOrganization('Follower');
    for (const provider of ['openai', 'deepgram']) {
      await api.call(org.token, 'POST', '/api/v1/byok', { body: { provider, api_key: api.plantKey('sk-') } });
    }
    await api.call(org.token, 'PUT', '/api/v1/byok/keys/deepgram/policy', { body: { fallback: 'when_missing' } });
    const answer = await change(org.token, org.id, { default_fallback: 'never' });
    expect(answer.body.default_fallback).toBe('never');
    expect(await rowOf(org.token, 'openai')).toMatchObject({ epoch: 2, fallback: 'never' });
    expect(await rowOf(org.token, 'deepgram')).toMatchObject({ epoch: 2, fallback: 'when_missing' });
    expect(await api.eventOf(org.id, 'openai', 2)).toMatchObject({ change: 'policy_changed' });

    await change(org.token, org.id, { default_fallback: 'never', name: 'Same' });
    expect((await rowOf(org.token, 'openai')).epoch).toBe(2);
    await change(org.token, org.id, { default_fallback: null });
    expect(await rowOf(org.token, 'openai')).toMatchObject({ epoch: 3, fallback: 'when_missing' });
    expect((await rowOf(org.token, 'deepgram')).epoch).toBe(2);
    const changes = await api.dataSource.query<{ change: string; actor: string }[]>(
      `SELECT change, actor FROM key_change WHERE organization_id = $1 AND provider = 'openai' ORDER BY epoch`,
      [org.id],
    );
    expect(changes.map(({ change: kind }) => kind)).toEqual(['added', 'policy_changed', 'policy_changed']);
    expect(changes[1]?.actor).toMatch(/^token:/);
  });

  it('sees the secret ids of whom it acts for, with the token and without', async () => {
    const made = await api.createOrganization('Keeper', agency.id);
    const map = async (answer: Promise<Answer<ErrorBody & { byok_keys?: Record<string, string | null> }>>) =>
      (await answer).body.byok_keys?.['xai_secret_id'];
    const own = (token: string) => map(api.call(token, 'GET', '/api/v1/byok'));
    const body = { provider: 'xai', api_key: api.plantKey('xai-') };
    await api.call(made.token, 'POST', '/api/v1/byok', { body });
    expect(await own(made.token)).toEqual(expect.any(String));
    expect(await map(actFor(made.id, 'GET', '/api/v1/byok'))).toBe(await own(made.token));
    expect(await map(actFor(agency.id, 'GET', '/api/v1/byok'))).toBe(await own(agency.token));
    expect([await own(agency.token), await map(actFor(stranger.id, 'GET', '/api/v1/byok'))]).toEqual([null, undefined]);
  });

  it('no answer, log line or event held a key', () => {
    expect(api.leaks()).toEqual([]);
  });
});
