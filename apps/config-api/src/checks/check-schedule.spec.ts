import { describe, expect, it } from '@jest/globals';
import type { Verdict } from '#libs/providers';
import { nextCheckAfter, nextCheckOf } from './check-schedule.js';

const now = new Date('2026-11-24T10:00:00Z');
const minutesUntil = (next: Date): number => (next.getTime() - now.getTime()) / 60_000;

describe('the next check of a key', () => {
  it('comes after a minute, later each time, and every six hours at least', () => {
    const waits = [0, 1, 2, 3, 8, 9, 500].map((checkCount) => minutesUntil(nextCheckAfter(now, checkCount)));
    expect(waits).toEqual([1, 2, 4, 8, 256, 360, 360]);
  });

  it('comes when the provider that wanted time will answer again, and never of a key that works', () => {
    const after = (verdict: Verdict, retryAfterSeconds?: number): Date | null =>
      nextCheckOf({ verdict, capabilities: {}, ...(retryAfterSeconds && { retryAfterSeconds }) }, now);
    expect(minutesUntil(after('rate_limited', 900)!)).toBe(15);
    expect(minutesUntil(after('rate_limited')!)).toBe(1);
    expect([after('valid'), after('limited')]).toEqual([null, null]);
  });

  it('waits as long as the provider wants it to, within reason', () => {
    expect(minutesUntil(nextCheckAfter(now, 0, 600))).toBe(10);
    expect(minutesUntil(nextCheckAfter(now, 3, 30))).toBe(8);
    expect(minutesUntil(nextCheckAfter(now, 0, 10_000_000))).toBe(360);
  });
});
