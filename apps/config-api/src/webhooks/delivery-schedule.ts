const attemptsMax = 12;
const firstWaitSeconds = 5;
const factor = 2.5;
const longestWaitSeconds = 6 * 3_600;

/**
 * When to try again after `attemptCount` attempts that failed: after 5 s, then later each time up to six hours, which
 * makes about 15 hours in all; null after the twelfth. `jitter` from 0 to 1 spreads what failed at one moment.
 */
export function nextAttemptAfter(now: Date, attemptCount: number, jitter: number): Date | null {
  if (attemptCount >= attemptsMax) return null;
  const waitSeconds = Math.min(longestWaitSeconds, firstWaitSeconds * factor ** (attemptCount - 1));
  return new Date(now.getTime() + waitSeconds * 1_000 * (1 + jitter / 10));
}
