import type { KeyVerdict, Verdict } from '#libs/providers';

const goodVerdicts: readonly Verdict[] = ['valid', 'limited'];
const firstWaitSeconds = 60;
const longestWaitSeconds = 6 * 3_600;

/** Whether the key works, be it not for everything. */
export function isGood({ verdict }: Pick<KeyVerdict, 'verdict'>): boolean {
  return goodVerdicts.includes(verdict);
}

/** When to ask again about a key after this verdict, as `nextCheckAfter` has it; null: not by ourselves. */
export function nextCheckOf(verdict: KeyVerdict, now: Date, checkCount = 0): Date | null {
  return isGood(verdict) ? null : nextCheckAfter(now, checkCount, verdict.retryAfterSeconds);
}

/**
 * When to ask again about a key of which `checkCount` checks in a row have not ended well: after one minute, doubling up
 * to six hours, and not before the provider wants it.
 */
export function nextCheckAfter(now: Date, checkCount: number, retryAfterSeconds = 0): Date {
  const backoffSeconds = Math.min(longestWaitSeconds, firstWaitSeconds * 2 ** Math.min(checkCount, 16));
  const waitSeconds = Math.max(backoffSeconds, Math.min(retryAfterSeconds, longestWaitSeconds));
  return new Date(now.getTime() + waitSeconds * 1_000);
}
