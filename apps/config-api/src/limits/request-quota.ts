import { AppError } from '#libs/errors';
import { metrics } from '#libs/observability';
import type { HttpReply } from '../http/http-exchange.js';
import type { AttemptCount, AttemptCounter } from './attempt-counter.port.js';

/** How many requests a token has in a minute. */
export class RequestQuota {
  /** `limit` 0: any number, and nothing is said of it. */
  constructor(
    private readonly counter: AttemptCounter,
    private readonly limit: number,
  ) {}

  /** Counts a request. */
  async count(tokenId: string): Promise<AttemptCount | undefined> {
    return this.limit === 0 ? undefined : this.counter.add(`token:${tokenId}`);
  }

  /** Tells the client how it stands; throws `rate_limited` when there were too many. */
  assertWithin(count: AttemptCount | undefined, reply: HttpReply): void {
    if (!count) return;
    const { attempts, msLeft } = count;
    reply
      .header('x-ratelimit-limit', String(this.limit))
      .header('x-ratelimit-remaining', String(Math.max(this.limit - attempts, 0)))
      .header('x-ratelimit-reset', String(Math.ceil((Date.now() + msLeft) / 1000)));
    if (attempts <= this.limit) return;
    metrics.requestsLimited.inc({ limit: 'token' });
    throw rateLimited(`The token has ${this.limit} requests a minute.`, msLeft);
  }
}

/** The refusal of one request too many; in `msLeft` milliseconds it will be taken. */
export function rateLimited(message: string, msLeft: number): AppError {
  const retryAfterSeconds = Math.max(Math.ceil(msLeft / 1000), 1);
  return new AppError('rate_limited', 'rate_limit_exceeded', {
    message: `${message} Try again in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
  });
}
