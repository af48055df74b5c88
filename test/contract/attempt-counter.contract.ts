import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AttemptCounter } from '#apps/config-api';

/** Registers what every adapter of `AttemptCounter` has to keep. `open` makes a counter that answers. */
export function describeAttemptCounterContract(adapter: string, open: () => Promise<AttemptCounter>): void {
  describe(`${adapter} keeps the contract of the attempt counter:`, () => {
    let counter: AttemptCounter;

    beforeAll(async () => {
      counter = await open();
    });
    afterAll(() => counter.close());

    it('every attempt of a burst has a number of its own', async () => {
      const key = randomUUID();
      const counts = await Promise.all(Array.from({ length: 20 }, () => counter.add(key)));
      expect(counts.map(({ attempts }) => attempts).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, n) => n + 1),
      );
    });

    it('each key is counted by itself', async () => {
      await counter.add(randomUUID());
      expect((await counter.add(randomUUID())).attempts).toBe(1);
    });

    it('reading does not count, and of a key that nobody tried it says so', async () => {
      const key = randomUUID();
      expect(await counter.read(key)).toEqual({ attempts: 0, msLeft: 0 });
      await counter.add(key);
      expect((await counter.read(key)).attempts).toBe(1);
      expect((await counter.read(key)).attempts).toBe(1);
    });

    it('the minute begins with the first attempt, and later ones do not prolong it', async () => {
      const key = randomUUID();
      const first = await counter.add(key);
      expect(first.msLeft).toBeGreaterThan(50_000);
      expect(first.msLeft).toBeLessThanOrEqual(60_000);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await counter.add(key)).msLeft).toBeLessThanOrEqual(first.msLeft - 200);
      expect((await counter.read(key)).msLeft).toBeLessThanOrEqual(first.msLeft - 200);
    });

    it('its status is healthy while it counts', async () => {
      expect(await counter.status()).toEqual({ healthy: true });
    });
  });
}
