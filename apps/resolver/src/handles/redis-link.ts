import { Redis, type RedisOptions } from 'ioredis';
import { AppError } from '#libs/errors';
import { answerWithin, LateAnswer, redisProblem } from './redis-problem.js';

export interface RedisLinkOptions {
  /** redis:// or rediss://, with the password. */
  url: string;
  scripts: NonNullable<RedisOptions['scripts']>;
  /** Told when the connection comes up, and once for every reason why it is down. */
  log: (level: 'info' | 'warn', message: string) => void;
}

const firstConnectionWaitMs = 100;
const pingTimeoutMs = 100;
const disconnectTimeoutMs = 100;
/** A connection on which nothing but late answers came for this long is replaced. */
const silenceMsMax = 200;
const lost = 'the connection to Redis is lost';

/**
 * One connection to Redis that never keeps its caller waiting: it connects in the background and again for ever, bounds
 * every answer, and refuses at once while it is down.
 */
export class RedisLink {
  private readonly redis: Redis;
  private readonly log: RedisLinkOptions['log'];
  private firstAttempt: Promise<unknown> | undefined;
  private problem = 'Redis has not been reached yet';
  private readonly problemsLogged = new Set<string>();
  private lateSince: number | undefined;
  private closing: Promise<void> | undefined;

  constructor({ url, scripts, log }: RedisLinkOptions) {
    this.log = log;
    this.redis = new Redis(url, { ...connectionOptions, scripts });
    this.redis.on('ready', () => this.noteReady());
    this.redis.on('error', (error) => this.noteProblem(redisProblem(error)));
    this.redis.on('close', () => this.noteClosed());
    this.firstAttempt = new Promise((resolve) => this.redis.once('ready', resolve).once('close', resolve));
  }

  /** The answer of `work`; `unavailable` when there is no connection, no answer inside `timeoutMs`, or a refusal. */
  async ask<T>(work: (redis: Redis) => Promise<T>, timeoutMs: number): Promise<T> {
    if (this.firstAttempt) await this.waitForFirstAttempt(this.firstAttempt);
    // Checked here, since the driver would fail every command of a pipeline on its own.
    if (this.redis.status !== 'ready') throw unavailable(this.problem);
    try {
      const answer = await answerWithin(work(this.redis), timeoutMs);
      this.lateSince = undefined;
      return answer;
    } catch (error) {
      if (error instanceof LateAnswer) this.noteLate();
      throw unavailable(this.problemsLogged.size > 0 ? this.problem : redisProblem(error));
    }
  }

  /** Whether a ping is answered within 100 ms, and in one sentence why not. */
  async status(): Promise<{ healthy: boolean; reason?: string }> {
    try {
      await this.ask((redis) => redis.ping(), pingTimeoutMs);
      return { healthy: true };
    } catch (error) {
      const { cause } = AppError.from(error);
      return { healthy: false, reason: cause instanceof Error ? cause.message : this.problem };
    }
  }

  /** Lets what was sent be answered, then disconnects for good; leaves no timer. */
  close(): Promise<void> {
    return (this.closing ??= this.disconnect());
  }

  /** A link made a moment ago is still connecting: without this wait every start would begin with errors. */
  private async waitForFirstAttempt(attempt: Promise<unknown>): Promise<void> {
    // How it ended is told by the state of the connection.
    await answerWithin(attempt, firstConnectionWaitMs).catch(() => undefined);
  }

  private noteReady(): void {
    this.firstAttempt = undefined;
    this.problem = lost;
    this.problemsLogged.clear();
    this.log('info', 'The handle store is connected to Redis.');
  }

  private noteClosed(): void {
    this.firstAttempt = undefined;
    if (this.problemsLogged.size === 0) this.noteProblem(lost);
  }

  private noteProblem(problem: string): void {
    if (this.closing) return;
    this.problem = problem;
    if (this.problemsLogged.has(problem)) return;
    this.problemsLogged.add(problem);
    this.log('warn', `The handle store cannot be asked: ${problem}.`);
  }

  /** What is sent to a server that hangs piles up in this process: after a while, disconnect and refuse at once. */
  private noteLate(): void {
    const now = performance.now();
    this.lateSince ??= now;
    if (this.closing || now - this.lateSince < silenceMsMax) return;
    this.lateSince = undefined;
    this.noteProblem(redisProblem(new LateAnswer()));
    this.redis.disconnect(true);
  }

  private async disconnect(): Promise<void> {
    this.problem = 'the handle store is closed';
    this.firstAttempt = undefined;
    const ended = new Promise((resolve) => this.redis.once('end', resolve));
    // With or without an answer, the connection ends here: neither is worth an error to someone who is leaving.
    if (this.redis.status === 'ready') {
      const left = this.redis.quit().then(() => ended);
      await answerWithin(left, disconnectTimeoutMs).catch(() => undefined);
    }
    if (isEnded(this.redis)) return;
    this.redis.disconnect();
    // The driver's own timer, which destroys a socket that does not end, must have run by then.
    await answerWithin(ended, 2 * disconnectTimeoutMs).catch(() => undefined);
  }
}

const connectionOptions: RedisOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  disableClientInfo: true,
  connectTimeout: 1000,
  disconnectTimeout: disconnectTimeoutMs,
  maxLoadingRetryTime: 250,
  // Bounds the handshake only: what a caller waits for is bounded by `ask`, in one timer for a whole pipeline.
  commandTimeout: 1000,
  retryStrategy: (attemptCount) => Math.min(25 * 2 ** Math.min(attemptCount, 10), 1000),
  // After a failover the old primary, now a replica, may still hold our connection.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

function isEnded(redis: Redis): boolean {
  return redis.status === 'end';
}

function unavailable(problem: string): AppError {
  return new AppError('unavailable', 'handle_store_unavailable', {
    message: 'The handle store cannot be reached right now; try again.',
    cause: new Error(problem),
  });
}
