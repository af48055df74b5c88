import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HandleStore } from '../../apps/resolver/src/handles/handle.store.js';
import { RedisHandleStore } from '../../apps/resolver/src/handles/redis-handle.store.js';
import { OwnRedis } from './own-redis.js';

const password = `planted-${randomBytes(8).toString('hex')}`;
const answerMsMax = 150;

describe('RedisHandleStore with a Redis that fails', () => {
  let server: OwnRedis;
  let store: RedisHandleStore | undefined;
  let logged: string[];

  const open = (url = server.url): RedisHandleStore => {
    store = new RedisHandleStore({ url, log: (level, message) => logged.push(`${level}: ${message}`) });
    return store;
  };

  beforeEach(async () => {
    logged = [];
    server = await OwnRedis.onFreePort(password);
  });
  afterEach(async () => {
    await store?.close();
    await server.kill();
  });

  it('while Redis hangs every method is unavailable in time, and works again by itself afterwards', async () => {
    await server.start();
    const hanging = open();
    await putOne(hanging);
    server.hang();
    for (let round = 0; round < 5; round++) await expectUnavailableInTime(hanging);
    expect(await hanging.status()).toEqual({ healthy: false, reason: 'Redis does not answer in time' });
    server.goOn();
    await waitUntilHealthy(hanging);
    await putOne(hanging);
    expect(await hanging.find('call')).toEqual(Buffer.from('sealed'));
    expect(logged).toEqual([
      'info: The handle store is connected to Redis.',
      'warn: The handle store cannot be asked: Redis does not answer in time.',
      'info: The handle store is connected to Redis.',
    ]);
  });

  it('when Redis dies every method is unavailable in time, and works again by itself after a restart', async () => {
    await server.start();
    const orphan = open();
    await putOne(orphan);
    await server.kill();
    for (let round = 0; round < 5; round++) {
      await expectUnavailableInTime(orphan);
      await delay(200);
    }
    expect(await orphan.status()).toEqual({ healthy: false, reason: 'Redis cannot be reached (ECONNREFUSED)' });
    await server.start();
    await waitUntilHealthy(orphan);
    await putOne(orphan);
    expect(logged).toEqual([
      'info: The handle store is connected to Redis.',
      'warn: The handle store cannot be asked: the connection to Redis is lost.',
      'warn: The handle store cannot be asked: Redis cannot be reached (ECONNREFUSED).',
      'info: The handle store is connected to Redis.',
    ]);
  });

  it('what was on its way when Redis died is unavailable, not lost in silence', async () => {
    await server.start();
    const orphan = open();
    await putOne(orphan);
    server.hang();
    const pending = expectUnavailableInTime(orphan);
    await server.kill();
    await pending;
  });

  it('can be made while Redis is away, says so, and works as soon as Redis is there', async () => {
    const early = open();
    await expectUnavailableInTime(early);
    expect(await early.status()).toMatchObject({ healthy: false });
    await server.start();
    await waitUntilHealthy(early);
    await putOne(early);
  });

  it('names a wrong password as the reason, and shows neither it nor the address', async () => {
    await server.start();
    const wrong = `wrong-${password}`;
    const refused = open(`redis://:${wrong}@127.0.0.1:${server.port}`);
    const errors = await expectUnavailableInTime(refused);
    await delay(300);
    expect(await refused.status()).toEqual({ healthy: false, reason: 'Redis refuses the password' });
    expect(logged).toEqual(['warn: The handle store cannot be asked: Redis refuses the password.']);
    const shown = [...logged, ...errors.map((error) => inspect(error, { depth: 9, showHidden: true }))].join('\n');
    for (const secret of [password, String(server.port), 'sealed']) expect(shown).not.toContain(secret);
  });

  it.each(['connected', 'hanging', 'away'])('closing leaves no timer and no socket when Redis is %s', async (state) => {
    if (state !== 'away') await server.start();
    await delay(50); // what earlier steps closed is gone by then
    const socketsBefore = openSocketCount();
    const timersLeft = await timersLeftBy(async () => {
      const closing = open();
      await closing.status();
      if (state === 'hanging') server.hang();
      if (state === 'away') await delay(300);
      await closing.close();
    });
    expect(openSocketCount()).toBe(socketsBefore);
    expect(timersLeft).toBe(0);
  });
});

function putOne(store: HandleStore): Promise<void> {
  return store.put([{ key: 'call', bundle: Buffer.from('sealed'), ttlMs: 60_000 }]);
}

/** Asks every method at once; resolves to the refusals. */
async function expectUnavailableInTime(store: HandleStore): Promise<unknown[]> {
  const startedAt = performance.now();
  const outcomes = await Promise.allSettled([
    putOne(store),
    store.find('call'),
    store.take([{ key: 'call', use: 'stt', usesMax: 1 }], 0),
    store.drop(['call']),
  ]);
  expect(performance.now() - startedAt).toBeLessThan(answerMsMax);
  return outcomes.map((outcome) => {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { kind: 'unavailable', code: 'handle_store_unavailable' },
    });
    return (outcome as PromiseRejectedResult).reason;
  });
}

async function waitUntilHealthy(store: HandleStore): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await store.status()).healthy) {
    if (performance.now() > deadline) throw new Error('the store did not recover within 5 s');
    await delay(20);
  }
}

function openSocketCount(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length;
}

/** How many timers that `work`, or what it began, has set are still set when it is done; those of the test runner aside. */
async function timersLeftBy(work: () => Promise<void>): Promise<number> {
  const scope = new AsyncLocalStorage<true>();
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, kind) => void (kind === 'Timeout' && scope.getStore() && timers.add(id)),
    destroy: (id) => void timers.delete(id),
  }).enable();
  await scope.run(true, work);
  await new Promise((resolve) => setImmediate(resolve)); // cleared timers are reported in the next turn
  hook.disable();
  return timers.size;
}
