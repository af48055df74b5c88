import { beforeEach, describe, expect, it } from '@jest/globals';
import { GuessLimit } from './guess-limit.js';
import { MemoryAttemptCounter } from './memory-attempt.counter.js';

describe('guesses from one address', () => {
  let limit: GuessLimit;
  beforeEach(() => {
    limit = new GuessLimit(new MemoryAttemptCounter(), 3, 50);
  });

  it('are refused after so many, from there only', async () => {
    for (let n = 0; n < 3; n += 1) {
      await limit.assertMayTry('10.0.0.1');
      await limit.noteWrong('10.0.0.1');
    }
    await expect(limit.assertMayTry('10.0.0.1')).rejects.toMatchObject({
      kind: 'rate_limited',
      code: 'rate_limit_exceeded',
      retryAfterSeconds: expect.any(Number),
    });
    await expect(limit.assertMayTry('10.0.0.2')).resolves.toBeUndefined();
  });

  it('are not told from what was lately good by the limit, but by whoever asks', () => {
    limit.noteGood('mine');
    expect([limit.isFamiliar('mine'), limit.isFamiliar('guess')]).toEqual([true, false]);
  });

  it('that all came at once are refused as they are found wrong, and wait for it', async () => {
    const since = performance.now();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => limit.noteWrong('10.0.0.1')));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(7);
    expect(performance.now() - since).toBeGreaterThan(45);
  });

  it.each([
    ['2001:db8:1:2::7', '2001:db8:1:2:ffff::1', true],
    ['2001:db8::1', '2001:db8:0:0:1::', true],
    ['::1', '::5:6:7:1', true],
    ['2001:db8:1:2::7', '2001:db8:1:3::7', false],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.2', false],
  ])('from %s and %s count together: %s', async (first, second, together) => {
    for (let n = 0; n < 3; n += 1) await limit.noteWrong(first);
    const refusal = await limit.assertMayTry(second).catch((error: unknown) => error);
    expect(refusal !== undefined).toBe(together);
  });

  it('may be any number when the limit is 0', async () => {
    const none = new GuessLimit(new MemoryAttemptCounter(), 0);
    for (let n = 0; n < 100; n += 1) await none.noteWrong('10.0.0.1');
    await expect(none.assertMayTry('10.0.0.1')).resolves.toBeUndefined();
  });
});
