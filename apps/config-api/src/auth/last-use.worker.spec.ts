import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LastUseWorker } from './last-use.worker.js';

describe('noting when tokens are used', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** A worker, what it wrote, and a switch that makes writing fail. */
  function start(): { worker: LastUseWorker; written: string[][]; store: { fails: boolean } } {
    const written: string[][] = [];
    const store = { fails: false };
    const noteUse = (ids: readonly string[]): Promise<void> => {
      if (store.fails) return Promise.reject(new Error('away'));
      written.push([...ids]);
      return Promise.resolve();
    };
    return { worker: new LastUseWorker({ noteUse }), written, store };
  }

  it('happens a little later, in one write for all, and once for many uses', async () => {
    const { worker, written } = start();
    for (let n = 0; n < 100; n += 1) worker.note(`token-${n % 2}`);
    expect(written).toEqual([]);
    await jest.advanceTimersByTimeAsync(1_000);
    worker.note('token-0');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(written).toEqual([['token-0', 'token-1']]);
  });

  it('is done before a stop', async () => {
    const { worker, written } = start();
    worker.note('token-0');
    await worker.stop();
    expect(written).toEqual([['token-0']]);
  });

  it('that failed comes with the next use', async () => {
    const { worker, written, store } = start();
    store.fails = true;
    worker.note('token-0');
    await jest.advanceTimersByTimeAsync(1_000);
    store.fails = false;
    worker.note('token-0');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(written).toEqual([['token-0']]);
  });
});
