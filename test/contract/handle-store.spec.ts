import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { MemoryHandleStore } from '../../apps/resolver/src/handles/memory-handle.store.js';
import { RedisHandleStore } from '../../apps/resolver/src/handles/redis-handle.store.js';
import { describeHandleStoreContract } from './handle-store.contract.js';

const redisUrl = process.env['REDIS_URL'] ?? '';
if (!redisUrl) throw new Error('REDIS_URL is not set: these tests need a Redis, such as npm run stack:up starts.');
const keyPrefix = `test-${randomBytes(6).toString('hex')}:`;
/** A busy test machine is no reason to fail; how brief an answer must be is tried in the fault tests. */
const commandTimeoutMs = 1_000;

function redisStore(): RedisHandleStore {
  return new RedisHandleStore({ url: redisUrl, keyPrefix, commandTimeoutMs });
}

describeHandleStoreContract('MemoryHandleStore', async () => {
  let now = 1_000;
  return {
    store: new MemoryHandleStore({ now: () => now }),
    passTime: async (timeMs) => void (now += timeMs),
  };
});

describeHandleStoreContract('RedisHandleStore', async () => ({
  store: redisStore(),
  passTime: (timeMs) => delay(timeMs),
}));

describe('MemoryHandleStore', () => {
  it('forgets by itself what has expired, bundles and use counts', async () => {
    let now = 0;
    const store = new MemoryHandleStore({ now: () => now, sweepIntervalMs: 5 });
    await store.put([{ key: 'call', bundle: Buffer.from('sealed'), ttlMs: 60_000 }]);
    await store.take([{ key: 'call', use: 'stt', usesMax: 1 }], 0);
    expect(store.entryCount).toBe(2);
    now = 60_000;
    await delay(50);
    expect(store.entryCount).toBe(1);
    now = 900_000;
    await delay(50);
    expect(store.entryCount).toBe(0);
    await store.close();
  });
});

describe('RedisHandleStore', () => {
  let store: RedisHandleStore;
  let redis: Redis;

  beforeAll(() => {
    store = redisStore();
    redis = new Redis(redisUrl);
  });
  afterAll(async () => {
    const keys = await redis.keys(`${keyPrefix}*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
    await store.close();
  });

  it('can be used right after it was made', async () => {
    const fresh = redisStore();
    try {
      await fresh.put([{ key: 'fresh', bundle: Buffer.from('sealed'), ttlMs: 60_000 }]);
      expect(await fresh.find('fresh')).toEqual(Buffer.from('sealed'));
    } finally {
      await fresh.close();
    }
  });

  it('goes on counting after Redis forgot its scripts', async () => {
    const use = { key: 'flushed', use: 'stt', usesMax: 2 };
    expect(await store.take([use], 0)).toEqual(['taken']);
    await redis.script('FLUSH');
    expect(await store.take([use, use], 0)).toEqual(['taken', 'used_up']);
  });

  it('adds to Redis nothing but the bundle as it was given and the use counts, all of it brief', async () => {
    await store.put([{ key: 'lean', bundle: Buffer.from('sealed'), ttlMs: 60_000 }]);
    await store.take([{ key: 'lean', use: 'hashed-use', usesMax: 1 }], 5_000);
    const [bundleKey, countsKey] = [`${keyPrefix}{lean}`, `${keyPrefix}{lean}:u`];
    expect((await redis.keys(`${keyPrefix}*lean*`)).sort()).toEqual([bundleKey, countsKey]);
    expect(await redis.get(bundleKey)).toBe('sealed');
    expect(await redis.hgetall(countsKey)).toEqual({
      'hashed-use:n': '1',
      'hashed-use:t': expect.stringMatching(/^\d{13}$/),
    });
    expect(await redis.pttl(bundleKey)).toBeLessThanOrEqual(60_000);
    expect(await redis.pttl(countsKey)).toBeGreaterThan(890_000);
    expect(await redis.pttl(countsKey)).toBeLessThanOrEqual(900_000);
  });

  it('refuses as unavailable what Redis refuses, even in the middle of many, quoting nothing', async () => {
    await redis.set(`${keyPrefix}{spoiled}:u`, 'no hash');
    const uses = ['whole', 'spoiled'].map((key) => ({ key, use: 'planted-use', usesMax: 1 }));
    const error = await store.take(uses, 0).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ kind: 'unavailable', code: 'handle_store_unavailable' });
    expect((error as Error).cause).toMatchObject({ message: expect.stringMatching(/^Redis refuses with [A-Z]+$/) });
  });

  it('an answer that came while this process was busy is not late', async () => {
    const strict = new RedisHandleStore({ url: redisUrl, keyPrefix, commandTimeoutMs: 50 });
    try {
      await strict.status();
      const found = strict.find('nothing');
      const busyUntil = performance.now() + 150;
      setImmediate(() => {
        while (performance.now() < busyUntil);
      });
      expect(await found).toBeUndefined();
    } finally {
      await strict.close();
    }
  });
});
