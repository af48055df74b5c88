import { describe, expect, it } from '@jest/globals';
import { nextAttemptAfter } from './delivery-schedule.js';

const now = new Date('2026-11-24T10:00:00Z');
const secondsUntil = (next: Date | null): number | null => next && (next.getTime() - now.getTime()) / 1_000;

describe('the next attempt to deliver a webhook', () => {
  it('comes after 5 s, later each time, and after six hours at most', () => {
    const waits = Array.from({ length: 11 }, (_, n) => secondsUntil(nextAttemptAfter(now, n + 1, 0))!);
    expect(waits[0]).toBe(5);
    expect(waits[1]).toBe(12.5);
    expect(waits.at(-1)).toBe(6 * 3_600);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  });

  it('is spread a little', () => {
    expect(secondsUntil(nextAttemptAfter(now, 1, 1))).toBe(5.5);
  });

  it('is not made after the twelfth', () => {
    expect(nextAttemptAfter(now, 11, 0)).not.toBeNull();
    expect(nextAttemptAfter(now, 12, 0)).toBeNull();
  });
});
