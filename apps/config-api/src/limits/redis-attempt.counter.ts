import { TurnBatch } from '#libs/keystore';
import { metrics, type HealthCheck } from '#libs/observability';
import { Redis, type RedisOptions } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { AttemptCounter, windowSeconds, type AttemptCount } from './attempt-counter.port.js';
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
const keysAtOnce = 500;

/**
 * Counts in Redis, for all processes together. While Redis is away this process counts by itself, and each request that
 * it counts so is in the metric `latchkey_rate_counter_failures_total`.
 */
export class RedisAttemptCounter extends AttemptCounter {
  private readonly redis: Redis;
  private readonly limiter: RateLimiterRedis;
  private readonly own = new MemoryAttemptCounter();
  private readonly log: RedisAttemptCounterOptions['log'];
  private isAway = false;
  private pausedUntil = 0;
  private readonly adding = new TurnBatch((keys: readonly string[]) => this.addAll(keys), keysAtOnce);

  constructor({ url, keyPrefix, log }: RedisAttemptCounterOptions) {
    super();
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

  override add(key: string): Promise<AttemptCount> {
    return this.adding.askOne(key);
  }

  override read(key: string): Promise<AttemptCount> {
    return this.count(
      1,
      async () => attemptCountOf(await this.limiter.get(key)),
      () => this.own.read(key),
    );
  }

  override async status(): Promise<HealthCheck> {
    try {
      await within(this.redis.ping(), answerTimeoutMs);
      return { healthy: true };
    } catch (error) {
      return { healthy: true, reason: `each instance counts requests by itself: ${reasonOf(error)}` };
    }
  }

  override async close(): Promise<void> {
    this.redis.disconnect();
  }

  /** What is added to one key in one turn of the event loop is added at once. */
  private async addAll(keys: readonly string[]): Promise<AttemptCount[]> {
    const added = new Map<string, number>();
    const places = keys.map((key) => {
      const place = (added.get(key) ?? 0) + 1;
      added.set(key, place);
      return place;
    });
    const counts = await Promise.all(
      [...added].map(async ([key, times]) => [key, await this.addTo(key, times)] as const),
    );
    const totals = new Map(counts);
    return keys.map((key, index) => {
      const { attempts, msLeft } = totals.get(key)!;
      return { attempts: attempts - added.get(key)! + places[index]!, msLeft };
    });
  }

  private addTo(key: string, times: number): Promise<AttemptCount> {
    return this.count(
      times,
      async () => attemptCountOf(await this.limiter.consume(key, times)),
      () => this.own.add(key, times),
    );
  }

  private async count(
    requestCount: number,
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
    metrics.rateCounterFailures.inc(requestCount);
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
    this.log('warn', `Redis cannot be asked (${reasonOf(error)}): each instance counts requests by itself.`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

const connectionOptions: RedisOptions = {
  enableOfflineQueue: false,
  enableAutoPipelining: true,
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
