import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { MemoryAttemptCounter, RedisAttemptCounter, type AttemptCounter } from '#apps/config-api';
import { realStack } from '../support/real-stack.js';

describe.each<[string, () => AttemptCounter]>([
  ['memory', () => new MemoryAttemptCounter()],
  [
    'Redis',
    () =>
      new RedisAttemptCounter({ url: realStack().redisUrl, keyPrefix: `spec:${randomUUID()}`, log: () => undefined }),
  ],
])('an attempt counter in %s', (_, open) => {
  const counter = open();
  afterAll(() => counter.close());

  it('counts each key by itself, all of a burst, and reads without counting', async () => {
    // The connection comes up in the background.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const key = randomUUID();
    expect(await counter.read(key)).toEqual({ attempts: 0, msLeft: 0 });
    const counts = await Promise.all(Array.from({ length: 20 }, () => counter.add(key)));
    expect(counts.map(({ attempts }) => attempts).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (__, n) => n + 1),
    );
    const found = await counter.read(key);
    expect(found.attempts).toBe(20);
    expect(found.msLeft).toBeGreaterThan(50_000);
    expect(found.msLeft).toBeLessThanOrEqual(60_000);
    expect((await counter.add(randomUUID())).attempts).toBe(1);
  });
});
