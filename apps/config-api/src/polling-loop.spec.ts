import { afterEach, describe, expect, it } from '@jest/globals';
import { PollingLoop } from './polling-loop.js';

const hour = 3_600_000;

describe('a polling loop', () => {
  let loop: PollingLoop;
  afterEach(() => loop.stop());

  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
  };

  it('goes on at once while there is more, and then waits', async () => {
    let left = 3;
    let rounds = 0;
    loop = new PollingLoop('spec', hour, async () => {
      rounds += 1;
      left -= 1;
      return left > 0;
    });
    loop.start();
    await until(() => left === 0);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(rounds).toBe(3);
  });

  it('looks again when it is woken, also in the middle of its work, and never twice at a time', async () => {
    let rounds = 0;
    let atWork = 0;
    let busiest = 0;
    loop = new PollingLoop('spec', hour, async () => {
      atWork += 1;
      busiest = Math.max(busiest, atWork);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atWork -= 1;
      rounds += 1;
      return false;
    });
    loop.start();
    loop.wake();
    await until(() => rounds === 1);
    loop.wake();
    await until(() => rounds === 2);
    expect(busiest).toBe(1);
  });

  it('survives work that fails', async () => {
    let rounds = 0;
    loop = new PollingLoop('spec', 1, async () => {
      rounds += 1;
      throw new Error('no database');
    });
    loop.start();
    await until(() => rounds > 2);
    expect(rounds).toBeGreaterThan(2);
  });

  it('is done when it has stopped', async () => {
    let rounds = 0;
    loop = new PollingLoop('spec', 1, async () => {
      rounds += 1;
      await new Promise((resolve) => setTimeout(resolve, 2));
      return true;
    });
    loop.start();
    await until(() => rounds > 0);
    await loop.stop();
    const done = rounds;
    loop.wake();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(rounds).toBe(done);
  });
});
