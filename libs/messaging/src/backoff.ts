import { setTimeout as delay } from 'node:timers/promises';

/** How long to wait between tries, in milliseconds: `baseMs` doubling with every try up to `capMs`. */
export interface Backoff {
  baseMs: number;
  capMs: number;
}

/** The wait after try number `tryCount` (from 1), without jitter. */
export function backoffMs({ baseMs, capMs }: Backoff, tryCount: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(tryCount - 1, 30));
}

/** Waits between half and all of the backoff after try `tryCount`; false as soon as `signal` is aborted. */
export function waitBeforeRetry(backoff: Backoff, tryCount: number, signal?: AbortSignal): Promise<boolean> {
  return pause(backoffMs(backoff, tryCount) * (0.5 + Math.random() / 2), signal);
}

/** Waits `timeMs` milliseconds; true when they have passed, false as soon as `signal` is aborted. */
export async function pause(timeMs: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return false;
  if (timeMs <= 0) return true;
  return delay(timeMs, true, { signal }).catch(() => false);
}

/** Resolves to true when `work` has settled, to false when `timeMs` milliseconds passed before. */
export async function settledWithin(work: Promise<unknown>, timeMs: number): Promise<boolean> {
  const timer = new AbortController();
  const finished = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([finished, pause(timeMs, timer.signal).then(() => false)]);
  } finally {
    timer.abort();
  }
}
