import { HandleStore, type HandleUse, type StoredBundle, type UseOutcome } from './handle.store.js';
import { RedisLink, type RedisLinkOptions } from './redis-link.js';
import { takeUsesScript } from './take-uses.script.js';
import { useCountsTtlMs } from './use-counts.js';

export interface RedisHandleStoreOptions {
  /** redis:// or rediss://, with the password. */
  url: string;
  /** Put before every key; `lk:` when absent. */
  keyPrefix?: string;
  /** How long an answer may take, plus 2 ms for each command of a batch; 50 when absent. */
  commandTimeoutMs?: number;
  /** Told when the connection comes up, and once for every reason why it is down. */
  log?: RedisLinkOptions['log'];
}

/**
 * Keeps handles in Redis: for each bundle one string, and one hash with its use counts, both in one slot of a
 * Cluster. Can be made while Redis is away.
 */
export class RedisHandleStore extends HandleStore {
  private readonly link: RedisLink;
  private readonly keyPrefix: string;
  private readonly commandTimeoutMs: number;

  constructor({ url, keyPrefix = 'lk:', commandTimeoutMs = 50, log = () => undefined }: RedisHandleStoreOptions) {
    super();
    this.keyPrefix = keyPrefix;
    this.commandTimeoutMs = commandTimeoutMs;
    this.link = new RedisLink({ url, scripts: { takeUses: takeUsesScript }, log });
  }

  async put(bundles: readonly StoredBundle[]): Promise<void> {
    if (bundles.length === 0) return;
    await this.link.ask(async (redis) => {
      const pipeline = redis.pipeline();
      for (const { key, bundle, ttlMs } of bundles) pipeline.set(this.bundleKey(key), bundle, 'PX', wholeMs(ttlMs));
      answersOf(await pipeline.exec());
    }, this.batchTimeoutMs(bundles.length));
  }

  async find(key: string): Promise<Buffer | undefined> {
    const found = await this.link.ask((redis) => redis.getBuffer(this.bundleKey(key)), this.commandTimeoutMs);
    return found ?? undefined;
  }

  async take(uses: readonly HandleUse[], replayWindowMs: number): Promise<UseOutcome[]> {
    if (uses.length === 0) return [];
    const calls = [...positionsByKey(uses)];
    const answers = await this.link.ask(async (redis) => {
      const pipeline = redis.pipeline();
      for (const [key, positions] of calls) {
        const counted = positions.flatMap((position) => [uses[position]!.use, uses[position]!.usesMax]);
        pipeline.takeUses(this.countsKey(key), replayWindowMs, useCountsTtlMs, ...counted);
      }
      return answersOf(await pipeline.exec()) as UseOutcome[][];
    }, this.commandTimeoutMs);
    const outcomes = new Array<UseOutcome>(uses.length);
    calls.forEach(([, positions], call) => {
      positions.forEach((position, index) => (outcomes[position] = answers[call]![index]!));
    });
    return outcomes;
  }

  drop(keys: readonly string[]): Promise<void> {
    return this.unlink(keys.map((key) => this.bundleKey(key)));
  }

  renew(keys: readonly string[]): Promise<void> {
    return this.unlink(keys.map((key) => this.countsKey(key)));
  }

  status(): Promise<{ healthy: boolean; reason?: string }> {
    return this.link.status();
  }

  close(): Promise<void> {
    return this.link.close();
  }

  private async unlink(redisKeys: readonly string[]): Promise<void> {
    if (redisKeys.length === 0) return;
    await this.link.ask(async (redis) => {
      const pipeline = redis.pipeline();
      for (const redisKey of redisKeys) pipeline.unlink(redisKey);
      answersOf(await pipeline.exec());
    }, this.batchTimeoutMs(redisKeys.length));
  }

  /** A slice of a backlog is allowed its size; one call is not kept waiting. */
  private batchTimeoutMs(commandCount: number): number {
    return this.commandTimeoutMs + 2 * commandCount;
  }

  private bundleKey(key: string): string {
    return `${this.keyPrefix}{${key}}`;
  }

  private countsKey(key: string): string {
    return `${this.bundleKey(key)}:u`;
  }
}

function positionsByKey(uses: readonly HandleUse[]): Map<string, number[]> {
  const positions = new Map<string, number[]>();
  uses.forEach(({ key }, position) => {
    const ofKey = positions.get(key);
    if (ofKey) ofKey.push(position);
    else positions.set(key, [position]);
  });
  return positions;
}

/** The answers of a pipeline, in order; throws the first error among them. */
function answersOf(results: [Error | null, unknown][] | null): unknown[] {
  if (!results) throw new Error('the pipeline was discarded');
  return results.map(([error, answer]) => {
    if (error) throw error;
    return answer;
  });
}

/** Redis takes whole milliseconds above zero only. */
function wholeMs(timeMs: number): number {
  return Math.max(1, Math.floor(timeMs));
}
