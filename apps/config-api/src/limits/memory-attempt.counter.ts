import type { HealthCheck } from '#libs/observability';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { AttemptCounter, windowSeconds, type AttemptCount } from './attempt-counter.port.js';

/** Counts for this process only. */
export class MemoryAttemptCounter extends AttemptCounter {
  private readonly limiter = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: windowSeconds });

  override async add(key: string, times = 1): Promise<AttemptCount> {
    return attemptCountOf(await this.limiter.consume(key, times));
  }

  override async read(key: string): Promise<AttemptCount> {
    return attemptCountOf(await this.limiter.get(key));
  }

  override async status(): Promise<HealthCheck> {
    return { healthy: true };
  }

  override async close(): Promise<void> {
    // Its timers do not keep a process alive.
  }
}

/** What the limiter says of a key; null for one that it does not know. */
export function attemptCountOf(found: RateLimiterRes | null): AttemptCount {
  return { attempts: found?.consumedPoints ?? 0, msLeft: Math.max(found?.msBeforeNext ?? 0, 0) };
}
