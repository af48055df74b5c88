import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminToken, ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

describe('who may do what', () => {
  let api: ConfigApiFixture;
  let acme: { id: string; token: string };
  let other: { id: string; token: string };

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    acme = await api.createOrganization('Acme');
    other = await api.createOrganization('Other');
  }, 60_000);
  afterAll(() => api.stop());

  describe('tokens', () => {
    const keysWith = (token: string | undefined): Promise<Answer<ErrorBody>> =>
      api.call<ErrorBody>(token, 'GET', '/api/v1/byok');

    it("the orchestrator's token is told apart from one that nobody knows", async () => {
      const answer = await api.call<ErrorBody>('lk_service_0123456789', 'GET', '/api/v1/byok');
      expect(expectError(answer, 401, 'unauthorized').error).toMatch(/use an organization's token here\.$/);
    });

    it('no token, a malformed one and an unknown one are 401 and say how to authenticate', async () => {
      const [, id] = /^lk_live_([^_]+)_/.exec(acme.token) ?? [];
      const wrongSecret = `lk_live_${id}_${'A'.repeat(43)}`;
      for (const token of [
        undefined,
        'nonsense',
        'lk_live_x_y',
        wrongSecret,
        `lk_live_${'a'.repeat(16)}_${'A'.repeat(43)}`,
      ]) {
        const answer = await keysWith(token);
        expectError(answer, 401, 'unauthorized');
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      }
    });

    it('a revoked token is 401 api_key_revoked, an expired one api_key_expired, and only for who knows its secret', async () => {
      const revoked = await api.createOrganization('Revoked');
      const expired = await api.createOrganization('Expired');
      await api.dataSource.query('UPDATE api_token SET revoked_at = now() WHERE organization_id = $1', [revoked.id]);
      await api.dataSource.query('UPDATE api_token SET expires_at = now() WHERE organization_id = $1', [expired.id]);
      expectError(await keysWith(revoked.token), 401, 'api_key_revoked');
      expectError(await keysWith(expired.token), 401, 'api_key_expired');
      expectError(await keysWith(`${revoked.token.slice(0, -4)}0000`), 401, 'unauthorized');
    });

    const operatorRoutes = [
      ['GET', '/admin/v1/organizations'],
      ...keyRoutes('/admin/v1/platform/byok'),
      // The same route, written otherwise.
      ['GET', '/%61dmin/v1/platform/byok'],
      ['GET', '/admin/v1/platform/%62yok/keys'],
    ];
    it.each(operatorRoutes)("an organization's token does not open %s %s, no token neither", async (method, path) => {
      expectError(await api.call<ErrorBody>(acme.token, method, path), 403, 'forbidden');
      expectError(await api.call<ErrorBody>(undefined, method, path), 401, 'unauthorized');
    });

    const tenantRoutes = [
      ...keyRoutes('/api/v1/byok'),
      ['GET', '/api/v1/calls/call-1/keys'],
      ['GET', '/%61pi/v1/byok'],
    ];
    it.each(tenantRoutes)("the operator's token does not open an organization's %s %s", async (method, path) => {
      expectError(await api.call<ErrorBody>(adminToken, method, path), 403, 'forbidden');
      expectError(await api.call<ErrorBody>(undefined, method, path), 401, 'unauthorized');
    });

    it('tokens are stored as keyed hashes only', async () => {
      const rows = await api.dataSource.query<{ id: string; hash: Buffer }[]>('SELECT id, hash FROM api_token');
      const secret = acme.token.slice(-43);
      const plainHashes = [acme.token, secret].map((text) => createHash('sha256').update(text).digest('hex'));
      for (const { hash } of rows) {
        expect(hash).toHaveLength(32);
        expect(plainHashes).not.toContain(hash.toString('hex'));
      }
    });
  });

  describe('what belongs to others', () => {
    it("another organization's call is 404, exactly like a call that nobody has", async () => {
      await api.dataSource.query(
        `INSERT INTO receipt (organization_id, call_id, day, resolved_at, live_until, components)
         VALUES ($1, 'their-call', current_date, now(), now(), '[]')`,
        [other.id],
      );
      const read = (token: string, callId: string): Promise<Answer<ErrorBody>> =>
        api.call<ErrorBody>(token, 'GET', `/api/v1/calls/${callId}/keys`);
      expect((await read(other.token, 'their-call')).status).toBe(200);
      const { request_id: _, ...theirs } = expectError(await read(acme.token, 'their-call'), 404, 'not_found');
      const { request_id: __, ...nobodys } = expectError(await read(acme.token, 'no-call'), 404, 'not_found');
      expect(theirs).toEqual(nobodys);
      for (const odd of ['%00', '%20', '%E2%82%AC', 'x'.repeat(128), 'x'.repeat(129), '%2F'.repeat(128)]) {
        expectError(await read(acme.token, odd), 404, 'not_found');
      }
    });

    it("another organization's keys are not seen and not touched", async () => {
      const body = { provider: 'resend', api_key: api.plantKey('re_') };
      const theirs = await api.call<{ byok_keys: Record<string, string> }>(other.token, 'POST', '/api/v1/byok', {
        body,
      });
      const secretId = theirs.body.byok_keys['resend_secret_id']!;
      for (const path of [
        '/api/v1/byok',
        '/api/v1/byok/keys',
        '/api/v1/byok/keys/resend/versions',
        '/api/v1/organizations',
      ]) {
        const { text } = await api.call(acme.token, 'GET', path);
        expect(text).not.toContain(secretId);
        expect(text).not.toContain(other.id);
      }
      expect((await api.call(acme.token, 'POST', '/api/v1/byok/keys/resend/revoke')).status).toBe(404);
      expect((await api.call(acme.token, 'DELETE', '/api/v1/byok?provider=resend')).status).toBe(404);
      const still = await api.call<{ byok_keys: Record<string, string> }>(other.token, 'GET', '/api/v1/byok');
      expect(still.body.byok_keys['resend_secret_id']).toBe(secretId);
    });
  });

  it('nobody learns from its fingerprint whether another has the same key', async () => {
    const body = { provider: 'gladia', api_key: api.plantKey('') };
    const fingerprints: unknown[] = [];
    for (const { token } of [acme, other]) {
      await api.call(token, 'POST', '/api/v1/byok', { body });
      fingerprints.push((await api.call(token, 'GET', '/api/v1/byok/keys/gladia')).body['fingerprint']);
    }
    expect(fingerprints[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(fingerprints[1]).not.toBe(fingerprints[0]);
  });

  it('no answer, log line or event held a key', () => {
    expect(api.leaks()).toEqual([]);
  });
});

/** Every route of keys: an organization has them for itself, the operator for the platform. */
function keyRoutes(prefix: string): [method: string, path: string][] {
  return [
    ['GET', prefix],
    ['POST', prefix],
    ['DELETE', `${prefix}?provider=openai`],
    ['GET', `${prefix}/config`],
    ['GET', `${prefix}/keys`],
    ['GET', `${prefix}/keys/openai/versions`],
    ['POST', `${prefix}/keys/openai/rotate`],
    ['POST', `${prefix}/keys/openai/revoke`],
    ['POST', `${prefix}/keys/openai/rollback`],
    ['PUT', `${prefix}/keys/openai/policy`],
  ];
}
