const firstWaitSeconds = 60;
const longestWaitSeconds = 6 * 3_600;

/**
 * When to ask again about a key of which `checkCount` checks in a row have not ended well: after one minute, doubling up
 * to six hours, and not before the provider wants it.
 */
export function nextCheckAfter(now: Date, checkCount: number, retryAfterSeconds = 0): Date {
  const backoffSeconds = Math.min(longestWaitSeconds, firstWaitSeconds * 2 ** Math.min(checkCount, 16));
  const waitSeconds = Math.max(backoffSeconds, Math.min(retryAfterSeconds, longestWaitSeconds));
  return new Date(now.getTime() + waitSeconds * 1_000);
}
