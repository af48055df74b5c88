import type { AppError } from '#libs/errors';
import { metrics } from '#libs/observability';
import { LRUCache } from 'lru-cache';
import type { AttemptCounter } from './attempt-counter.port.js';
import { rateLimited } from './request-quota.js';

const familiarMax = 10_000;
const familiarForMs = 60 * 60 * 1000;

/**
 * Slows down whoever guesses tokens: after too many wrong ones from an address none is tried any more that has not lately
 * been good, so that others behind the same address can go on.
 */
export class GuessLimit {
  private readonly familiar = new LRUCache<string, true>({ max: familiarMax, ttl: familiarForMs });

  /** `limit` 0: any number. */
  constructor(
    private readonly counter: AttemptCounter,
    private readonly limit: number,
  ) {}

  /** Throws `rate_limited`. `fingerprint` stands for the token and does not tell it. */
  async assertMayTry(address: string, fingerprint: string): Promise<void> {
    if (this.limit === 0 || this.familiar.has(fingerprint)) return;
    const { attempts, msLeft } = await this.counter.read(keyOf(address));
    if (attempts >= this.limit) throw tooManyGuesses(msLeft);
  }

  noteGood(fingerprint: string): void {
    this.familiar.set(fingerprint, true);
  }

  /** Throws `rate_limited` where many guesses at once have got past `assertMayTry`. */
  async noteWrong(address: string): Promise<void> {
    if (this.limit === 0) return;
    const { attempts, msLeft } = await this.counter.add(keyOf(address));
    if (attempts > this.limit) throw tooManyGuesses(msLeft);
  }
}

function tooManyGuesses(msLeft: number): AppError {
  metrics.requestsLimited.inc({ limit: 'address' });
  return rateLimited('Too many unknown tokens came from your address.', msLeft);
}

function keyOf(address: string): string {
  return `address:${address}`;
}
