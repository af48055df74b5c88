import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyState } from '#apps/fake-provider';
import { ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

interface Verdict {
  verdict: string;
  capabilities: Record<string, string>;
  missing_permissions: string[];
}
interface Stored extends ErrorBody {
  byok_keys: Record<string, string | null>;
  check: Verdict | null;
}
interface KeyRow {
  state: string;
  version: number | null;
  epoch: number;
  last_validated: (Verdict & { at: string }) | null;
  last_failure: string | null;
}
interface Due {
  due_in_seconds: number | null;
}

const secondsMax = 3;

describe('a key is checked before it is stored', () => {
  let api: ConfigApiFixture;
  beforeAll(async () => {
    api = await ConfigApiFixture.start({ settings: { LATCHKEY_VALIDATE_KEYS: true } });
  }, 60_000);
  afterAll(() => api.stop());

  const keyThatIs = (provider: string, state: KeyState): string => {
    const key = api.plantKey('k-');
    api.providers.set(provider, key, state);
    return key;
  };
  const post = <T = Stored>(token: string, path: string, body: object): Promise<Answer<T>> =>
    api.call<T>(token, 'POST', `/api/v1/byok${path}`, { body });
  const rowOf = async (token: string, provider: string): Promise<KeyRow> =>
    (await api.call<KeyRow>(token, 'GET', `/api/v1/byok/keys/${provider}`)).body;
  const dueInSeconds = async (organizationId: string): Promise<number | null> => {
    const rows = await api.dataSource.query<Due[]>(
      `SELECT extract(epoch FROM check_due_at - now())::integer AS due_in_seconds FROM key_version
       WHERE organization_id = $1 ORDER BY version DESC LIMIT 1`,
      [organizationId],
    );
    return rows[0]!.due_in_seconds;
  };
  const withGoodKey = async (provider: string): Promise<{ id: string; token: string }> => {
    const acme = await api.createOrganization('Acme');
    await post(acme.token, '', { provider, api_key: keyThatIs(provider, 'valid') });
    return acme;
  };

  const slots = ['openai', 'deepgram', 'elevenlabs', 'resend', 'xai', 'mistral', 'gladia', 'inworld'];
  const definitelyBad: [provider: string, state: KeyState][] = [
    ...slots.map((provider): [string, KeyState] => [provider, 'invalid']),
    ['xai', 'blocked'],
  ];

  it.each(definitelyBad)('a %s key that is %s is refused, and what was there stays', async (provider, state) => {
    const acme = await withGoodKey(provider);
    const before = await rowOf(acme.token, provider);
    const bad = keyThatIs(provider, state);
    const stored = expectError(await post(acme.token, '', { provider, api_key: bad }), 422, 'key_rejected');
    expect(stored).toMatchObject({ param: 'api_key', error: expect.stringMatching(/nothing was stored/) });
    const rotated = await post(acme.token, `/keys/${provider}/rotate`, { api_key: bad, mode: 'immediate' });
    expectError(rotated, 422, 'key_rejected');
    expect(await rowOf(acme.token, provider)).toEqual(before);

    const fresh = await api.createOrganization('Fresh');
    expectError(await post(fresh.token, '', { provider, api_key: bad }), 422, 'key_rejected');
    expect(await rowOf(fresh.token, provider)).toMatchObject({ state: 'empty', version: null, epoch: 0 });
  });

  it.each<KeyState>(['rate_limited', 'slow', 'broken_json', 'redirect', 'huge'])(
    'a key that cannot be judged (%s) is stored as unverified within 3 s, and asked about again',
    async (state) => {
      const acme = await api.createOrganization('Acme');
      const since = performance.now();
      const { status, body } = await post(acme.token, '', { provider: 'openai', api_key: keyThatIs('openai', state) });
      expect(performance.now() - since).toBeLessThan((secondsMax + 1) * 1_000);
      expect({ status, verdict: body.check?.verdict }).toEqual({ status: 200, verdict: 'unverified' });
      expect(await rowOf(acme.token, 'openai')).toMatchObject({
        state: 'active',
        last_validated: { verdict: 'unverified' },
      });
      expect(await dueInSeconds(acme.id)).toBeGreaterThan(30);
    },
  );

  it('a limited key is stored, and the answer names what it lacks and what it cannot do', async () => {
    const acme = await api.createOrganization('Acme');
    const limited = { provider: 'deepgram', api_key: keyThatIs('deepgram', 'limited') };
    const { body } = await post(acme.token, '', limited);
    expect(body.check).toMatchObject({
      verdict: 'limited',
      capabilities: { stt: 'missing' },
      missing_permissions: [expect.any(String)],
    });
    expect(await dueInSeconds(acme.id)).toBeNull();
    const rotated = await post(acme.token, '/keys/deepgram/rotate', { api_key: keyThatIs('deepgram', 'valid') });
    expect(rotated.body.check).toMatchObject({
      verdict: 'valid',
      capabilities: { stt: 'ok' },
      missing_permissions: [],
    });
  });

  it('a key without credit is stored, and asked about again until there is some', async () => {
    const acme = await api.createOrganization('Acme');
    const key = keyThatIs('openai', 'out_of_credit');
    expect((await post(acme.token, '', { provider: 'openai', api_key: key })).body.check?.verdict).toBe(
      'out_of_credit',
    );
    expect(await dueInSeconds(acme.id)).toBeGreaterThan(30);
    api.providers.set('openai', key, 'valid');
    await post(acme.token, '/keys/openai/test', {});
    expect(await rowOf(acme.token, 'openai')).toMatchObject({ last_validated: { verdict: 'valid' } });
    expect(await dueInSeconds(acme.id)).toBeNull();
  });

  it('unless the request says that it is not to be', async () => {
    const acme = await api.createOrganization('Acme');
    const bad = keyThatIs('openai', 'invalid');
    const { status, body } = await post(acme.token, '', { provider: 'openai', api_key: bad, validate: false });
    expect({ status, check: body.check }).toEqual({ status: 200, check: null });
    const rotated = await post(acme.token, '/keys/openai/rotate', { api_key: bad, validate: false });
    expect([rotated.status, rotated.body.check]).toEqual([200, null]);
    expect(api.providers.requestsWith('openai', bad)).toEqual([]);
    expect(await rowOf(acme.token, 'openai')).toMatchObject({ state: 'active', version: 2, last_validated: null });
  });

  it('only where the change could be made: a lost race or a slot without a key costs no question', async () => {
    const acme = await withGoodKey('openai');
    const key = keyThatIs('openai', 'valid');
    const late = await api.call<ErrorBody>(acme.token, 'POST', '/api/v1/byok/keys/openai/rotate', {
      body: { api_key: key },
      headers: { 'if-match': '"7"' },
    });
    expectError(late, 412, 'epoch_mismatch');
    const empty = await api.createOrganization('Empty');
    expectError(await post(empty.token, '/keys/openai/rotate', { api_key: key }), 404, 'not_found');
    expect(api.providers.requestsWith('openai', key)).toEqual([]);
  });

  it('a repeated request finds what it did, also when the provider refuses the key by then', async () => {
    const acme = await api.createOrganization('Acme');
    const key = keyThatIs('openai', 'valid');
    const send = (): Promise<Answer<Stored>> =>
      api.call<Stored>(acme.token, 'POST', '/api/v1/byok', {
        body: { provider: 'openai', api_key: key },
        headers: { 'idempotency-key': 'once' },
      });
    const first = await send();
    // As if the process had died between the change and its answer.
    await api.dataSource.query(`UPDATE idempotent_request SET answer = NULL, locked_until = now() WHERE key = 'once'`);
    api.providers.set('openai', key, 'invalid');
    const second = await send();
    expect(second).toMatchObject({ status: 200, body: { byok_keys: first.body.byok_keys } });
    expect(await rowOf(acme.token, 'openai')).toMatchObject({ version: 1, epoch: 1 });
  });

  describe('and when somebody asks', () => {
    it.each<[KeyState, string]>([
      ['valid', 'valid'],
      ['limited', 'limited'],
      ['invalid', 'invalid'],
      ['out_of_credit', 'out_of_credit'],
      ['rate_limited', 'rate_limited'],
      ['slow', 'unreachable'],
    ])('about a key that is %s: nothing is kept', async (state, verdict) => {
      const acme = await api.createOrganization('Acme');
      const sent = { api_key: keyThatIs('openai', state) };
      const { status, body } = await post<Verdict>(acme.token, '/keys/openai/test', sent);
      expect({ status, verdict: body.verdict }).toEqual({ status: 200, verdict });
      expect(await rowOf(acme.token, 'openai')).toMatchObject({ state: 'empty', epoch: 0 });
    });

    it('about the stored one: a bad one is put out of use, and will be asked about again', async () => {
      const acme = await api.createOrganization('Acme');
      const key = keyThatIs('xai', 'valid');
      await post(acme.token, '', { provider: 'xai', api_key: key });
      api.providers.set('xai', key, 'blocked');
      expect((await post<Verdict>(acme.token, '/keys/xai/test', {})).body.verdict).toBe('blocked');
      const row = await rowOf(acme.token, 'xai');
      expect(row).toMatchObject({ state: 'quarantined', last_validated: { verdict: 'blocked' } });
      expect(row.last_failure).toBe(row.last_validated!.at);
      expect(await dueInSeconds(acme.id)).toBeGreaterThan(30);
      expectError(await post(acme.token, '/keys/openai/test', {}), 404, 'not_found');
    });
  });

  it('no key shows up in an answer, a log line or an event', () => expect(api.leaks()).toEqual([]));
});

describe('where a deployment does not check keys', () => {
  it('a request may still want it', async () => {
    const api = await ConfigApiFixture.start({ settings: { LATCHKEY_VALIDATE_KEYS: false } });
    try {
      const { token } = await api.createOrganization('Acme');
      const bad = api.plantKey('k-');
      api.providers.set('openai', bad, 'invalid');
      const body = { provider: 'openai', api_key: bad };
      expect((await api.call(token, 'POST', '/api/v1/byok', { body })).status).toBe(200);
      const wanted = await api.call<ErrorBody>(token, 'POST', '/api/v1/byok', { body: { ...body, validate: true } });
      expectError(wanted, 422, 'key_rejected');
    } finally {
      await api.stop();
    }
  }, 60_000);
});
