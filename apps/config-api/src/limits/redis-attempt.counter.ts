import { metrics } from '#libs/observability';
import { Redis, type RedisOptions } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { windowSeconds, type AttemptCount, type AttemptCounter } from './attempt-counter.port.js';
import { attemptCountOf, MemoryAttemptCounter } from './memory-attempt.counter.js';

export interface RedisAttemptCounterOptions {
  /** redis:// or rediss://, with the password. */
  url: string;
  /** Put before every key. */
  keyPrefix: string;
  /** Told when counting together begins, and once when it ends. */
  log: (level: 'info' | 'warn', message: string) => void;
}

/** A request waits no longer for its number. */
const answerTimeoutMs = 50;
/** After a failure Redis is left alone for so long: a server that hangs shall not cost every request its patience. */
const pauseMs = 500;

/**
 * Counts in Redis, for all processes together. While Redis is away this process counts by itself, and each request that
 * it counts so is in the metric `latchkey_rate_counter_failures_total`.
 */
export class RedisAttemptCounter implements AttemptCounter {
  private readonly redis: Redis;
  private readonly limiter: RateLimiterRedis;
  private readonly own = new MemoryAttemptCounter();
  private readonly log: RedisAttemptCounterOptions['log'];
  private isAway = false;
  private pausedUntil = 0;

  constructor({ url, keyPrefix, log }: RedisAttemptCounterOptions) {
    this.log = log;
    this.redis = new Redis(url, connectionOptions);
    this.redis.on('ready', () => {
      this.pausedUntil = 0;
      this.noteBack();
    });
    // Without a listener the driver prints to the console; what matters is noted where somebody waits for an answer.
    this.redis.on('error', () => undefined);
    this.limiter = new RateLimiterRedis({
      storeClient: this.redis,
      keyPrefix,
      points: Number.MAX_SAFE_INTEGER,
      duration: windowSeconds,
      rejectIfRedisNotReady: true,
    });
  }

  add(key: string): Promise<AttemptCount> {
    return this.count(
      async () => attemptCountOf(await this.limiter.consume(key)),
      () => this.own.add(key),
    );
  }

  read(key: string): Promise<AttemptCount> {
    return this.count(
      async () => attemptCountOf(await this.limiter.get(key)),
      () => this.own.read(key),
    );
  }

  async close(): Promise<void> {
    this.redis.disconnect();
  }

  private async count(
    together: () => Promise<AttemptCount>,
    alone: () => Promise<AttemptCount>,
  ): Promise<AttemptCount> {
    if (performance.now() >= this.pausedUntil) {
      try {
        const counted = await within(together(), answerTimeoutMs);
        this.noteBack();
        return counted;
      } catch (error) {
        this.noteAway(error);
      }
    }
    metrics.rateCounterFailures.inc();
    return alone();
  }

  private noteBack(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.log('info', 'Requests are counted in Redis, for all instances together.');
  }

  private noteAway(error: unknown): void {
    this.pausedUntil = performance.now() + pauseMs;
    if (this.isAway) return;
    this.isAway = true;
    const reason = error instanceof Error ? error.message : 'unknown';
    this.log('warn', `Redis cannot be asked (${reason}): each instance counts requests by itself.`);
  }
}

const connectionOptions: RedisOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  disableClientInfo: true,
  connectTimeout: 1_000,
  disconnectTimeout: 100,
  // Bounds the handshake, and what piles up before a server that hangs.
  commandTimeout: 1_000,
  retryStrategy: (attemptCount) => Math.min(25 * 2 ** Math.min(attemptCount, 10), 1_000),
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
