import { isIPv6 } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { AppError } from '#libs/errors';
import { metrics } from '#libs/observability';
import { LRUCache } from 'lru-cache';
import type { AttemptCounter } from './attempt-counter.port.js';
import { rateLimited } from './request-quota.js';

const familiarMax = 10_000;
const familiarForMs = 60 * 60 * 1000;

/**
 * Slows down whoever guesses tokens: after too many wrong ones from an address each further one waits for its refusal, and
 * the operator's is not tried from there any more unless it has lately been good. Tokens of organizations always are, so
 * that nobody can lock out those who share an address: their 256 random bits cannot be guessed.
 */
export class GuessLimit {
  private readonly familiar = new LRUCache<string, true>({ max: familiarMax, ttl: familiarForMs });

  /** `limit` 0: any number. */
  constructor(
    private readonly counter: AttemptCounter,
    private readonly limit: number,
    private readonly refusalDelayMs = 1_000,
  ) {}

  /** Whether this token was good within the hour. `fingerprint` stands for it and does not tell it. */
  isFamiliar(fingerprint: string): boolean {
    return this.familiar.has(fingerprint);
  }

  /** Throws `rate_limited`. */
  async assertMayTry(address: string): Promise<void> {
    if (this.limit === 0) return;
    const { attempts, msLeft } = await this.counter.read(keyOf(address));
    if (attempts >= this.limit) throw tooManyGuesses(msLeft);
  }

  noteGood(fingerprint: string): void {
    this.familiar.set(fingerprint, true);
  }

  /** Throws `rate_limited`, after a while, when there were too many. */
  async noteWrong(address: string): Promise<void> {
    if (this.limit === 0) return;
    const { attempts, msLeft } = await this.counter.add(keyOf(address));
    if (attempts <= this.limit) return;
    await delay(this.refusalDelayMs);
    throw tooManyGuesses(msLeft);
  }
}

function tooManyGuesses(msLeft: number): AppError {
  metrics.requestsLimited.inc({ limit: 'address' });
  return rateLimited('Too many unknown tokens came from your address.', msLeft);
}

/** Of IPv6 the network (64 bits): a single customer has all addresses of one. IPv4 written as IPv6 stays whole. */
function keyOf(address: string): string {
  const isOwn = isIPv6(address) && !address.includes('.');
  return `address:${isOwn ? networkOf(address) : address}`;
}

function networkOf(address: string): string {
  const [start = '', end] = address.split('%')[0]!.split('::');
  const groups = start === '' ? [] : start.split(':');
  const rest = end ? end.split(':') : [];
  const missing = end === undefined ? 0 : 8 - groups.length - rest.length;
  return [...groups, ...Array<string>(Math.max(missing, 0)).fill('0'), ...rest].slice(0, 4).join(':');
}
