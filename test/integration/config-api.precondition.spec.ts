import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminToken, ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

interface Row {
  epoch: number;
  state: string;
  version: number | null;
}

const changes: [method: string, path: string, body: object][] = [
  ['POST', '', { provider: 'openai' }],
  ['POST', '/keys/openai/rotate', {}],
  ['PUT', '/keys/openai/policy', { fallback: 'never' }],
  ['POST', '/keys/openai/rollback', { version: 1 }],
  ['POST', '/keys/openai/revoke', {}],
  ['DELETE', '', { provider: 'openai' }],
];

describe.each(['/api/v1/byok', '/admin/v1/platform/byok'])('a change below %s', (prefix) => {
  let api: ConfigApiFixture;
  let token: string;

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    const acme = await api.createOrganization('Acme');
    token = prefix.startsWith('/admin') ? adminToken : acme.token;
    for (let n = 0; n < 2; n += 1) await send('POST', '', { provider: 'openai' });
  }, 60_000);
  afterAll(() => api.stop());

  const send = (method: string, path: string, fields: object, ifMatch?: string): Promise<Answer<ErrorBody>> => {
    const wantsKey = path.endsWith('/rotate') || (method === 'POST' && path === '');
    const body = { ...fields, ...(wantsKey && { api_key: api.plantKey('sk-') }) };
    return api.call<ErrorBody>(token, method, prefix + path, {
      body,
      headers: { ...(ifMatch && { 'if-match': ifMatch }) },
    });
  };
  const row = (): Promise<Answer<Row>> => api.call<Row>(token, 'GET', `${prefix}/keys/openai`);

  it.each(changes)(
    '%s %s is 412 for an epoch that is over, and goes through for the one that was read',
    async (...change) => {
      const before = await row();
      const { epoch } = before.body;
      for (const stale of [epoch - 1, epoch + 1]) {
        expectError(await send(...change, `"${stale}"`), 412, 'epoch_mismatch');
      }
      expect((await row()).body).toEqual(before.body);
      const done = await send(...change, before.headers.get('etag')!);
      expect([done.status, done.headers.get('etag')]).toEqual([200, `"${epoch + 1}"`]);
      expect((await row()).headers.get('etag')).toBe(`"${epoch + 1}"`);
    },
  );

  it('shows no key in any answer, log line or event', () => expect(api.leaks()).toEqual([]));
});
