import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisAttemptCounter } from '#apps/config-api';
import { OwnRedis } from '../contract/own-redis.js';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { realStack } from '../support/real-stack.js';
import { adminToken, ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

const limit = 6;
const settings = { LATCHKEY_RATE_LIMIT_PER_MINUTE: limit, LATCHKEY_AUTH_FAILURES_PER_MINUTE: limit };

interface Scene {
  api: ConfigApiFixture;
  get(token: string | undefined, at?: string): Promise<Answer<ErrorBody>>;
}

async function startScene(attempts?: RedisAttemptCounter): Promise<Scene> {
  const api = await ConfigApiFixture.start({ settings, ...(attempts && { attempts }) });
  const get = (token: string | undefined, at?: string): Promise<Answer<ErrorBody>> =>
    api.call<ErrorBody>(token, 'GET', '/api/v1/byok', at ? { at } : {});
  return { api, get };
}

const remainingOf = (answer: Answer<unknown>): number => Number(answer.headers.get('x-ratelimit-remaining'));

describe('requests of one token', () => {
  let api: ConfigApiFixture;
  let get: Scene['get'];

  beforeAll(async () => ({ api, get } = await startScene()), 60_000);
  afterAll(() => api.stop());

  it('are counted on every answer, and one too many is 429 until the minute is over', async () => {
    const { token } = await api.createOrganization('Acme');
    const before = Math.floor(Date.now() / 1000);
    const answers = [
      await get(token),
      await api.call<ErrorBody>(token, 'GET', '/api/v1/byok/keys/nobody/versions'),
      await api.call<ErrorBody>(token, 'POST', '/api/v1/byok', { raw: '{"provider": ' }),
      await api.call<ErrorBody>(token, 'GET', '/api/v1/nothing'),
      await api.call<ErrorBody>(token, 'GET', '/admin/v1/organizations'),
      await api.call<ErrorBody>(token, 'POST', '/api/v1/byok', { raw: 'x', headers: { 'content-type': 'text/plain' } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 404, 403, 400]);
    expect(answers.map(remainingOf)).toEqual([5, 4, 3, 2, 1, 0]);
    const refused = await get(token);
    expectError(refused, 429, 'rate_limit_exceeded');
    for (const { headers } of [...answers, refused]) {
      expect(headers.get('x-ratelimit-limit')).toBe(String(limit));
      expect(Number(headers.get('x-ratelimit-reset')) - before).toBeGreaterThan(50);
      expect(Number(headers.get('x-ratelimit-reset')) - before).toBeLessThan(70);
    }
    const retryAfter = Number(refused.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect((await api.call(undefined, 'GET', '/metrics')).text).toMatch(
      /^latchkey_requests_limited_total\{limit="token"\} 1$/m,
    );
  });

  it('do not count for others, and the operator has no limit', async () => {
    const { token } = await api.createOrganization('Globex');
    expect(remainingOf(await get(token))).toBe(5);
    for (let n = 0; n <= limit; n += 1) {
      const answer = await api.call(adminToken, 'GET', '/admin/v1/organizations');
      expect([answer.status, answer.headers.get('x-ratelimit-limit')]).toEqual([200, null]);
    }
  });

  it('count too when the token is expired or revoked: nobody hammers with one', async () => {
    const { id, token } = await api.createOrganization('Gone');
    const made = async (): Promise<{ id: string; api_key: string }> => {
      const sent = { body: { name: 'short-lived', scopes: ['byok:read'] } };
      const path = `/admin/v1/organizations/${id}/tokens`;
      return (await api.call<{ id: string; api_key: string }>(adminToken, 'POST', path, sent)).body;
    };
    const [expired, revoked] = [await made(), await made()];
    expect(remainingOf(await get(revoked.api_key))).toBe(5);
    await api.dataSource.query(`UPDATE api_token SET expires_at = now() - interval '1 s' WHERE id = $1`, [expired.id]);
    await api.dataSource.query('UPDATE api_token SET revoked_at = now() WHERE id = $1', [revoked.id]);
    for (let left = limit - 1; left >= 0; left -= 1) {
      const answer = await get(expired.api_key);
      expectError(answer, 401, 'api_key_expired');
      expect(remainingOf(answer)).toBe(left);
    }
    expectError(await get(expired.api_key), 429, 'rate_limit_exceeded');
    const answer = await get(revoked.api_key);
    expectError(answer, 401, 'api_key_revoked');
    expect(remainingOf(answer)).toBe(4);
    const forged = await get(`${revoked.api_key.slice(0, -4)}0000`);
    expectError(forged, 401, 'unauthorized');
    expect(forged.headers.has('x-ratelimit-limit')).toBe(false);
    expect(remainingOf(await get(token))).toBe(5);
  });

  it('in one burst exactly as many get through as there may', async () => {
    const { token } = await api.createOrganization('Burst');
    const answers = await Promise.all(Array.from({ length: 3 * limit }, () => get(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(limit);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2 * limit);
  });
});

describe('a limit of 0', () => {
  let api: ConfigApiFixture;

  beforeAll(async () => {
    api = await ConfigApiFixture.start({ settings: { LATCHKEY_RATE_LIMIT_PER_MINUTE: 0 } });
  }, 60_000);
  afterAll(() => api.stop());

  it('is none: nothing is counted and nothing is said of it', async () => {
    const { token } = await api.createOrganization('Acme');
    const { headers } = await api.call(token, 'GET', '/api/v1/byok');
    expect([...headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
  });
});

describe('guessing tokens', () => {
  let api: ConfigApiFixture;
  let get: Scene['get'];

  beforeAll(async () => ({ api, get } = await startScene()), 60_000);
  afterAll(() => api.stop());

  it('is slowed after a few wrong ones, and locks nobody out who has a right one', async () => {
    const familiar = await api.createOrganization('Familiar');
    const unseen = await api.createOrganization('Unseen');
    expect((await get(familiar.token)).status).toBe(200);
    expectError(await get(undefined), 401, 'unauthorized');
    for (let n = 0; n < limit; n += 1) {
      const guess = n % 2 ? `guess-${n}` : `${unseen.token.slice(0, -4)}000${n}`;
      expectError(await get(guess), 401, 'unauthorized');
    }
    const since = performance.now();
    for (const guess of ['guess', `${unseen.token.slice(0, -4)}0000`]) {
      const refused = await get(guess);
      expectError(refused, 429, 'rate_limit_exceeded');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(performance.now() - since).toBeGreaterThan(950);
    expect((await get(unseen.token)).status).toBe(200);
    expect((await get(familiar.token)).status).toBe(200);
    expect((await api.call(adminToken, 'GET', '/admin/v1/organizations')).status).toBe(200);
    expect((await api.call(undefined, 'GET', '/health/live')).status).toBe(200);
  });
});

describe('counting in Redis', () => {
  it('is for all instances together, as they are deployed', async () => {
    const deployment = await Deployment.start({
      configApis: 2,
      resolvers: 0,
      env: { LATCHKEY_RATE_LIMIT_PER_MINUTE: String(limit), REDIS_URL: realStack().redisUrl },
    });
    try {
      const [first, second] = deployment.configApis;
      const admin = new ApiClient(first!.url, deployment.adminToken);
      const { api } = await admin.createOrganization('Acme');
      const seen: string[] = [];
      for (let n = 0; n <= limit; n += 1) {
        const answer = await api.at(n % 2 ? first!.url : second!.url).get('/api/v1/byok');
        seen.push(`${answer.status} ${answer.headers.get('x-ratelimit-remaining')}`);
      }
      expect(seen).toEqual(['200 5', '200 4', '200 3', '200 2', '200 1', '200 0', '429 0']);
    } finally {
      await deployment.stop();
    }
  }, 60_000);

  describe('while Redis is away', () => {
    let redis: OwnRedis;
    let counter: RedisAttemptCounter;
    let scene: Scene;
    const said: string[] = [];

    beforeAll(async () => {
      redis = await OwnRedis.onFreePort('spec-password');
      await redis.start();
      counter = new RedisAttemptCounter({
        url: redis.url,
        keyPrefix: `spec:${randomUUID()}`,
        log: (level, message) => said.push(`${level} ${message}`),
      });
      scene = await startScene(counter);
    }, 60_000);
    afterAll(async () => {
      await scene.api.stop();
      await counter.close();
      await redis.kill();
    });

    const failures = async (): Promise<number> => {
      const { text } = await scene.api.call(undefined, 'GET', '/metrics');
      return Number(/^latchkey_rate_counter_failures_total (\d+)$/m.exec(text)?.[1]);
    };
    const readiness = async (): Promise<[number, { reason?: string } | undefined]> => {
      const { status, body } = await scene.api.call<{ checks: Record<string, { reason?: string }> }>(
        undefined,
        'GET',
        '/health/ready',
      );
      return [status, body.checks['attempt_counter']];
    };
    const untilTogether = async (token: string): Promise<void> => {
      const giveUpAt = Date.now() + 10_000;
      while (!said.at(-1)?.startsWith('info') && Date.now() < giveUpAt) {
        await scene.get(token);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };

    it('each instance counts by itself, quickly, and together again when Redis is back', async () => {
      const acme = await scene.api.createOrganization('Acme');
      expect(remainingOf(await scene.get(acme.token))).toBe(5);
      expect(remainingOf(await scene.get(acme.token))).toBe(4);
      expect(await readiness()).toEqual([200, { healthy: true }]);
      const before = await failures();

      redis.hang();
      const started = performance.now();
      expect(remainingOf(await scene.get(acme.token))).toBe(5);
      expect(remainingOf(await scene.get(acme.token))).toBe(4);
      expect(performance.now() - started).toBeLessThan(1_000);
      expect(await failures()).toBe(before + 2);
      expect(said.filter((line) => line.startsWith('warn'))).toHaveLength(1);
      expect(await readiness()).toEqual([
        200,
        { healthy: true, reason: expect.stringContaining('each instance counts requests by itself') },
      ]);

      redis.goOn();
      await untilTogether(acme.token);
      expect(said.at(-1)).toMatch(/^info/);
      expect(await readiness()).toEqual([200, { healthy: true }]);
      const after = await failures();
      await scene.get(acme.token);
      expect(await failures()).toBe(after);
    });

    it('nobody is refused because Redis is gone', async () => {
      const org = await scene.api.createOrganization('Gone');
      await redis.kill();
      const answers = await Promise.all(Array.from({ length: limit }, () => scene.get(org.token)));
      expect(answers.map(({ status }) => status)).toEqual(Array(limit).fill(200));
      expect(await readiness()).toEqual([200, { healthy: true, reason: expect.any(String) }]);
    });
  });
});
