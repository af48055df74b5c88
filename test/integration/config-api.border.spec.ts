import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  adminToken,
  ConfigApiFixture,
  expectError,
  type Answer,
  type ErrorBody,
  type Sent,
} from './config-api.fixture.js';

describe('what config-api refuses', () => {
  let api: ConfigApiFixture;
  let acme: { id: string; token: string };

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    acme = await api.createOrganization('Acme');
  }, 60_000);
  afterAll(() => api.stop());

  const expectRefused = async (
    method: string,
    path: string,
    sent: Sent,
    code = 'invalid_request',
  ): Promise<ErrorBody> => expectError(await api.call<ErrorBody>(acme.token, method, path, sent), 400, code);
  const expectAddRefused = (body: unknown, code?: string): Promise<ErrorBody> =>
    expectRefused('POST', '/api/v1/byok', { body }, code);

  describe('bodies', () => {
    it('an unknown provider is 400 with the allowed ones, wherever it is named', async () => {
      const body = { api_key: api.plantKey('sk-'), provider: 'nobody' };
      const answers = [
        await expectAddRefused(body),
        await expectRefused('DELETE', '/api/v1/byok', { body: { provider: 'nobody' } }),
        await expectRefused('DELETE', '/api/v1/byok?provider=nobody', {}),
        await expectRefused('POST', '/api/v1/byok/keys/nobody/rotate', { body: { api_key: api.plantKey('sk-') } }),
        await expectRefused('POST', '/api/v1/byok/keys/nobody/revoke', {}),
        await expectRefused('GET', '/api/v1/byok/keys/nobody/versions', {}),
        await expectRefused('PUT', '/api/v1/byok/keys/nobody/policy', { body: { fallback: 'never' } }),
      ];
      for (const error of answers) {
        expect(error.param).toBe('provider');
        expect(error.details).toEqual(expect.arrayContaining(['openai', 'google_vertex']));
      }
    });

    it('a key in the wrong field is not repeated', async () => {
      await expectAddRefused({ provider: api.plantKey('sk-'), api_key: api.plantKey('sk-') });
      const body = { api_key: api.plantKey('sk-'), [api.plantKey('sk-')]: true };
      await expectRefused('POST', '/api/v1/byok/keys/openai/rotate', { body });
    });

    it('a masked key is refused, so that a form echo never overwrites a key', async () => {
      for (const masked of ['sk-…AbCd', 'sk-...AbCd', 'sk-***AbCd', '••••••••AbCd']) {
        const error = await expectAddRefused({ provider: 'openai', api_key: masked });
        expect(error).toMatchObject({ param: 'api_key', message: expect.stringContaining('masked') });
      }
      const map = await api.call<{ byok_keys: Record<string, null> }>(acme.token, 'GET', '/api/v1/byok');
      expect(map.body.byok_keys['openai_secret_id']).toBeNull();
    });

    it.each([
      ['empty', ''],
      ['only spaces', ' \n '],
      ['a space inside', 'sk-abc def'],
      ['a line break inside', 'sk-abc\ndef'],
      ['a NUL', 'sk-abc\u0000def'],
      ['a zero-width space', 'sk-abc\u200bdef'],
      ['more than 512 bytes', 'é'.repeat(257)],
    ])('a key that is %s is refused', async (_, apiKey) => {
      expect((await expectAddRefused({ provider: 'openai', api_key: apiKey })).param).toBe('api_key');
    });

    it('a missing field and an unknown one are named', async () => {
      expect((await expectAddRefused({ provider: 'openai' }, 'missing_field')).param).toBe('api_key');
      expect((await expectAddRefused({ api_key: 'sk-abcdefgh' }, 'missing_field')).param).toBe('provider');
      const body = { api_key: 'sk-abcdefgh', scope: 'all' };
      const extra = await expectRefused('POST', '/api/v1/byok/keys/openai/rotate', { body });
      expect(extra).toMatchObject({
        param: 'scope',
        message: 'scope is not a known field; known fields: api_key, validate, mode, overlap_seconds.',
      });
      const several = await expectAddRefused({}, 'missing_field');
      expect(several).toMatchObject({ error: 'provider is required.', details: ['api_key is required'] });
      await expectRefused('DELETE', '/api/v1/byok', {}, 'missing_field');
      await expectRefused('DELETE', '/api/v1/byok?provider=openai&provider=xai', {});
    });

    it('what existing clients may send besides is ignored where they speak to us', async () => {
      const { token } = await api.createOrganization('Older');
      const besides = { label: 'main', region: 'eu' };
      const send = async (method: string, path: string, body: object, by = token): Promise<number> =>
        (await api.call(by, method, path, { body: { ...body, ...besides } })).status;
      expect(await send('POST', '/api/v1/byok', { provider: 'openai', api_key: api.plantKey('sk-') })).toBe(200);
      expect(await send('POST', '/api/v1/byok/config', { provider: 'openai', config: { tier: 1 } })).toBe(200);
      expect(await send('DELETE', '/api/v1/byok', { provider: 'openai' })).toBe(200);
      expect(await send('POST', '/api/v1/organizations', { name: 'Older' }, adminToken)).toBe(201);
    });

    it.each([
      ['text that is not JSON', '{"provider": '],
      ['an array', '[]'],
      ['null', 'null'],
      ['a number', '7'],
      ['a string', '"openai"'],
      ['nothing', ''],
      ['a poisoned prototype', '{"provider":"openai","api_key":"sk-abcdefgh","__proto__":{"admin":true}}'],
      ['fields of other types', '{"provider":{"$ne":null},"api_key":["sk-abcdefgh"]}'],
    ])('a body that is %s is 400', async (_, raw) => {
      await expectRefused('POST', '/api/v1/byok', { raw });
    });

    it('rotation, policy and organization bodies are checked as strictly', async () => {
      const rotate = '/api/v1/byok/keys/openai/rotate';
      const apiKey = { api_key: 'sk-abcdefgh' };
      for (const overlap of [-1, 1.5, 86_401, '60']) {
        expect((await expectRefused('POST', rotate, { body: { ...apiKey, overlap_seconds: overlap } })).param).toBe(
          'overlap_seconds',
        );
      }
      expect((await expectRefused('POST', rotate, { body: { ...apiKey, mode: 'later' } })).param).toBe('mode');
      const policy = '/api/v1/byok/keys/openai/policy';
      expect((await expectRefused('PUT', policy, { body: { fallback: 'always' } })).param).toBe('fallback');
      const unknown = await expectRefused('PUT', policy, { body: { allowed_models: ['gpt-5.4', 'gpt-0'] } });
      expect(unknown).toMatchObject({ param: 'allowed_models', details: [expect.stringContaining('gpt-5.4-mini')] });
      for (const body of [{ name: '' }, { name: 'a\u0000b' }, { name: 'x'.repeat(201) }, { name: 7 }, {}]) {
        const answer = await api.call<ErrorBody>(adminToken, 'POST', '/api/v1/organizations', { body });
        expect(answer.status).toBe(400);
        expect(answer.body.param).toBe('name');
      }
      const orphan = { name: 'Orphan', parent_org_id: '11111111-1111-4111-8111-111111111111' };
      const answer = await api.call<ErrorBody>(adminToken, 'POST', '/api/v1/organizations', { body: orphan });
      expect(expectError(answer, 400, 'invalid_request').param).toBe('parent_org_id');
    });

    it('what the database cannot keep as it came is refused, not an internal error', async () => {
      const keys = '/api/v1/byok/keys/openai';
      const rollBack = await expectRefused('POST', `${keys}/rollback`, { body: { version: 2 ** 31 } });
      expect(rollBack.param).toBe('version');
      // Neither year has four digits in UTC, which is how times are answered.
      for (const time of ['9999-12-31T23:59:59-01:00', '0000-06-01T00:00:00Z']) {
        const policy = await expectRefused('PUT', `${keys}/policy`, { body: { expires_at: time } });
        const token = { name: 'until', scopes: ['byok:read'], expires_at: time };
        const made = await expectRefused('POST', '/api/v1/tokens', { body: token });
        expect([policy.param, made.param]).toEqual(['expires_at', 'expires_at']);
      }
      const half = { name: 'half \ud800', scopes: ['byok:read'] };
      expect((await expectRefused('POST', '/api/v1/tokens', { body: half })).param).toBe('name');
      expect((await expectRefused('POST', '/api/v1/organizations', { body: half })).param).toBe('name');
    });

    it('a body is read for what it is, whatever its content type says, and none is none', async () => {
      const { token } = await api.createOrganization('Typed');
      const types = ['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'application/xml', 'json'];
      for (const type of types) {
        const send = async (method: string, path: string, raw: string): Promise<number> =>
          (await api.call(token, method, path, { raw, headers: { 'content-type': type } })).status;
        const added = JSON.stringify({ provider: 'openai', api_key: api.plantKey('sk-') });
        expect([type, await send('POST', '/api/v1/byok', added)]).toEqual([type, 200]);
        expect([type, await send('POST', '/api/v1/byok/keys/openai/revoke', '')]).toEqual([type, 200]);
        expect([type, await send('DELETE', '/api/v1/byok', '{"provider":"openai"}')]).toEqual([type, 200]);
        const sent = { raw: 'provider=openai&api_key=sk-abcdefgh', headers: { 'content-type': type } };
        expect((await expectRefused('POST', '/api/v1/byok', sent)).error).toMatch(/its body must be JSON/);
      }
    });

    it('a name that pollutes is what a refusal speaks of', async () => {
      for (const raw of ['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{}}}']) {
        expect((await expectRefused('POST', '/api/v1/byok', { raw })).error).toMatch(
          /^No field may be called __proto__/,
        );
      }
    });

    it('a body over 1 MiB is 413', async () => {
      const large = { body: { provider: 'openai', api_key: 'x'.repeat(1024 * 1024) } };
      expectError(await api.call<ErrorBody>(acme.token, 'POST', '/api/v1/byok', large), 413, 'payload_too_large');
    });

    it('an If-Match that is not an epoch is refused instead of ignored', async () => {
      for (const ifMatch of ['*', 'W/"1"', '"one"', '-1', '1, 2']) {
        const sent = { body: { api_key: 'sk-abcdefgh' }, headers: { 'if-match': ifMatch } };
        expect((await expectRefused('POST', '/api/v1/byok/keys/openai/rotate', sent)).param).toBe('If-Match');
      }
    });
  });

  describe('requests', () => {
    it('a route that does not exist is 404, also when its address cannot be read', async () => {
      expectError(await api.call<ErrorBody>(acme.token, 'GET', '/api/v1/nothing'), 404, 'not_found');
      expectError(await api.call<ErrorBody>(acme.token, 'PATCH', '/api/v1/byok'), 404, 'not_found');
      const unreadable = await api.call<ErrorBody>(acme.token, 'GET', '/api/v1/calls/%zz/keys');
      expect(expectError(unreadable, 400, 'invalid_request').error).toMatch(/^The address cannot be read/);
      const long = `/api/v1/calls/${'x'.repeat(2_000)}/keys`;
      expectError(await api.call<ErrorBody>(acme.token, 'GET', long), 400, 'invalid_request');
    });

    it('a method that an address does not have is 404 with those that it has', async () => {
      const wrong = await api.call<ErrorBody>(acme.token, 'PUT', '/api/v1/byok?x=1', { body: {} });
      expect(expectError(wrong, 404, 'not_found').error).toBe('PUT is not possible here; allowed: GET, POST, DELETE.');
      expect(wrong.headers.get('allow')).toBe('GET, POST, DELETE');
      const other = await api.call<ErrorBody>(acme.token, 'DELETE', '/api/v1/byok/keys/openai/policy/');
      expect(other.body.error).toBe('DELETE is not possible here; allowed: PUT.');
      expect((await api.call(acme.token, 'GET', '/api/v1/nothing')).headers.has('allow')).toBe(false);
    });

    it('an address may end with a slash', async () => {
      for (const path of ['/api/v1/byok/', '/api/v1/byok/keys/openai/', '/api/v1/assistants/?limit=1']) {
        expect((await api.call(acme.token, 'GET', path)).status).toBe(200);
      }
    });

    it('a sane request id comes back in header and body, another is replaced', async () => {
      const get = (id: string): Promise<Answer<ErrorBody>> =>
        api.call<ErrorBody>(undefined, 'GET', '/api/v1/byok', { headers: { 'x-request-id': id } });
      const kept = await get('trace-7.a_B');
      expect([kept.headers.get('x-request-id'), kept.body.request_id]).toEqual(['trace-7.a_B', 'trace-7.a_B']);
      for (const id of ['x'.repeat(65), 'a b', '<script>']) {
        const replaced = await get(id);
        expect(replaced.body.request_id).toMatch(/^[0-9a-f-]{36}$/);
        expect(replaced.headers.get('x-request-id')).toBe(replaced.body.request_id);
      }
    });

    it('every request leaves one log line, without the token and the body', () => {
      const lines = api.logLines.map((line) => JSON.parse(line) as Record<string, unknown>);
      const line = lines.find(({ request_id }) => request_id === 'trace-7.a_B');
      expect(line).toMatchObject({ msg: 'request', method: 'GET', route: '/api/v1/byok', status: 401 });
      expect(lines.some(({ organization_id }) => organization_id === acme.id)).toBe(true);
      expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
      for (const text of api.logLines) expect(text).not.toMatch(/Bearer|lk_live_|spec-admin-token/);
    });
  });

  it('no answer, log line or event held a key', () => {
    expect(api.leaks()).toEqual([]);
  });
});
