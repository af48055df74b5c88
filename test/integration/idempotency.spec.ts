import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IdempotentRequestStore } from '#libs/keystore';
import {
  adminToken,
  ConfigApiFixture,
  expectError,
  type Answer,
  type ErrorBody,
  type Sent,
} from './config-api.fixture.js';

interface Created extends ErrorBody {
  id: string;
  api_key: string;
}

describe('a POST with an Idempotency-Key', () => {
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

  const newKey = (): string => `spec ${(keyCount += 1)}`;
  const post = <T = Created>(token: string, path: string, key: string, sent: Sent = {}): Promise<Answer<T>> =>
    api.call<T>(token, 'POST', path, { ...sent, headers: { 'idempotency-key': key, ...sent.headers } });
  const create = (key: string, name: string, at?: string): Promise<Answer<Created>> =>
    post(adminToken, '/api/v1/organizations', key, { body: { name }, ...(at && { at }) });
  const countOf = async (name: string): Promise<number> => {
    const rows = await api.dataSource.query<object[]>('SELECT FROM organization WHERE name = $1', [name]);
    return rows.length;
  };

  it('has one effect, and its repetition the same answer byte for byte, from any instance', async () => {
    const key = newKey();
    const first = await create(key, 'Once');
    const second = await create(key, 'Once', other);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.text).toBe(first.text);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(await countOf('Once')).toBe(1);
  });

  it('changes a slot once, and repeats the ETag too', async () => {
    const body = { provider: 'openai', api_key: api.plantKey('sk-') };
    const add = (key: string): Promise<Answer<Created>> => post(acme.token, '/api/v1/byok', key, { body });
    const key = newKey();
    const [first, second] = [await add(key), await add(key)];
    expect([first.headers.get('etag'), second.headers.get('etag')]).toEqual(['"1"', '"1"']);
    expect((await add(newKey())).headers.get('etag')).toBe('"2"');
  });

  it('fifty at once have one effect and one answer', async () => {
    const key = newKey();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => create(key, 'Crowd', n % 2 ? other : undefined)),
    );
    expect(await countOf('Crowd')).toBe(1);
    const done = answers.filter(({ status }) => status === 201);
    expect(done.length).toBeGreaterThan(0);
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectError(answer, 409, 'request_in_progress');
      expect(answer.headers.get('retry-after')).toBe('1');
    }
  });

  it('with another body, path or organization is 409, and the first answer stays', async () => {
    const key = newKey();
    const parent = await api.createOrganization('Parent');
    const child = await api.createOrganization('Child', parent.id);
    const body = { name: 'reader', scopes: ['byok:read'] };
    const first = await post(parent.token, '/api/v1/tokens', key, { body });
    const differing = [
      post(parent.token, '/api/v1/tokens', key, { body: { ...body, name: 'writer' } }),
      post(parent.token, '/api/v1/organizations', key, { body: { name: 'reader' } }),
      post(parent.token, '/api/v1/tokens', key, { body, headers: { 'x-latchkey-organization': child.id } }),
    ];
    for (const answer of await Promise.all(differing)) {
      expect(expectError(answer, 409, 'idempotency_key_reused').param).toBe('Idempotency-Key');
    }
    expect((await post(parent.token, '/api/v1/tokens', key, { body })).text).toBe(first.text);
  });

  it('with another If-Match is 409 too, unless the first one lost its race and so changed nothing', async () => {
    const globex = await api.createOrganization('Conditions');
    const body = { provider: 'openai', api_key: api.plantKey('sk-') };
    const add = (key: string, epoch: number): Promise<Answer<Created>> =>
      post(globex.token, '/api/v1/byok', key, { body, headers: { 'if-match': `"${epoch}"` } });
    const [late, done] = [newKey(), newKey()];
    expectError(await add(late, 7), 412, 'epoch_mismatch');
    expect((await add(late, 0)).headers.get('etag')).toBe('"1"');
    expect((await add(done, 1)).headers.get('etag')).toBe('"2"');
    expectError(await add(done, 2), 409, 'idempotency_key_reused');
  });

  it('does not meet the keys of other callers', async () => {
    const key = newKey();
    const body = { name: 'x', scopes: ['byok:read'] };
    const globex = await api.createOrganization('Globex');
    const [own, theirs] = [
      await post(acme.token, '/api/v1/tokens', key, { body }),
      await post(globex.token, '/api/v1/tokens', key, { body }),
    ];
    expect([own.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body.id).not.toBe(own.body.id);
  });

  it('keeps a refusal too, but nothing that another try may mend', async () => {
    const refused = newKey();
    expectError(await post(acme.token, '/api/v1/byok/keys/xai/revoke', refused), 404, 'not_found');
    const again = await post(acme.token, '/api/v1/byok/keys/xai/revoke', refused);
    expectError(
      {
        ...again,
        headers: new Headers({ ...Object.fromEntries(again.headers), 'x-request-id': again.body.request_id }),
      },
      404,
      'not_found',
    );
    expect(again.headers.get('idempotent-replayed')).toBe('true');

    const failing = newKey();
    await api.dataSource.query('ALTER TABLE organization RENAME TO organization_away');
    const failed = await create(failing, 'Later');
    await api.dataSource.query('ALTER TABLE organization_away RENAME TO organization');
    expect(failed.status).toBeGreaterThanOrEqual(500);
    const mended = await create(failing, 'Later');
    expect([mended.status, mended.headers.get('idempotent-replayed')]).toEqual([201, null]);
  });

  it('is run again when its process died before the answer was kept, and finds what was made', async () => {
    const key = newKey();
    const first = await create(key, 'Survivor');
    const died = (lock: string): Promise<unknown> =>
      api.dataSource.query(
        `UPDATE idempotent_request SET answer = NULL, locked_until = now() + $2::interval WHERE key = $1`,
        [key, lock],
      );
    await died('20 seconds');
    expectError(await create(key, 'Survivor'), 409, 'request_in_progress');
    await died('0');
    const second = await create(key, 'Survivor', other);
    expect(second.headers.get('idempotent-replayed')).toBeNull();
    expect(second.text).toBe(first.text);
    expect(await countOf('Survivor')).toBe(1);
    expect((await api.call(second.body.api_key, 'GET', '/api/v1/byok')).status).toBe(200);
  });

  it('is forgotten after a day', async () => {
    const key = newKey();
    const first = await create(key, 'Daily');
    await api.dataSource.query(
      `UPDATE idempotent_request SET created_at = now() - interval '25 hours' WHERE key = $1`,
      [key],
    );
    const second = await create(key, 'Daily');
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.body.id);
    expect((await create(key, 'Daily')).text).toBe(second.text);
  });

  it('is deleted when it is a day old, and not before', async () => {
    const [old, young] = [newKey(), newKey()];
    await create(old, 'Old');
    const first = await create(young, 'Young');
    const age = `UPDATE idempotent_request SET created_at = now() - $2::interval WHERE key = $1`;
    await api.dataSource.query(age, [old, '25 hours']);
    await api.dataSource.query(age, [young, '23 hours']);
    await new IdempotentRequestStore(api.dataSource).deleteOld();
    const left = `SELECT key FROM idempotent_request WHERE key = ANY ($1)`;
    expect(await api.dataSource.query(left, [[old, young]])).toEqual([{ key: young }]);
    expect((await create(young, 'Young')).text).toBe(first.text);
  });

  it.each(['', 'x'.repeat(256), 'tab\there', 'é'])('%j is no such key', async (key) => {
    expect(expectError(await create(key, 'Never'), 400, 'invalid_request').param).toBe('Idempotency-Key');
    expect(await countOf('Never')).toBe(0);
  });

  it('is kept sealed, hashed and without a key or a token to read', async () => {
    const key = newKey();
    const { body: made } = await create(key, 'Sealed');
    const rows = await api.dataSource.query<{ answer: Buffer; request_hash: Buffer }[]>(
      'SELECT answer, request_hash FROM idempotent_request',
    );
    const everything = Buffer.concat(
      rows.flatMap(({ answer, request_hash }) => [answer ?? Buffer.alloc(0), request_hash]),
    );
    expect(everything.includes(made.api_key)).toBe(false);
    expect(everything.includes(made.api_key.slice(-43))).toBe(false);
    expect(everything.includes('Sealed')).toBe(false);
    expect(api.leaks()).toEqual([]);
  });

  it('changes nothing for requests without it, and for other methods', async () => {
    const headers = { 'idempotency-key': newKey() };
    const get = (): Promise<Answer<object>> => api.call(acme.token, 'GET', '/api/v1/byok', { headers });
    await get();
    expect((await get()).headers.get('idempotent-replayed')).toBeNull();
    expectError(
      await api.call<ErrorBody>(undefined, 'POST', '/api/v1/byok', { headers, body: {} }),
      401,
      'unauthorized',
    );
  });
});
