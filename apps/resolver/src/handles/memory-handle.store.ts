import { AppError } from '#libs/errors';
import { HandleStore, type HandleUse, type StoredBundle, type UseOutcome } from './handle.store.js';
import { useCountsTtlMs } from './use-counts.js';

export interface MemoryHandleStoreOptions {
  /** Milliseconds that never go back; `performance.now` when absent. */
  now?: () => number;
  /** How often what has expired is forgotten; 10,000 when absent. */
  sweepIntervalMs?: number;
}

/** Keeps handles in this process: for one process only, gone when it ends. */
export class MemoryHandleStore extends HandleStore {
  private readonly bundles = new Map<string, { bundle: Buffer; expiresAt: number }>();
  private readonly counts = new Map<string, { uses: Map<string, Taken>; expiresAt: number }>();
  private readonly now: () => number;
  private readonly sweepTimer: NodeJS.Timeout;
  private closed = false;

  constructor({ now = () => performance.now(), sweepIntervalMs = 10_000 }: MemoryHandleStoreOptions = {}) {
    super();
    this.now = now;
    this.sweepTimer = setInterval(() => this.sweep(), sweepIntervalMs).unref();
  }

  /** How many bundles and how many calls' use counts are held, expired ones that were not swept included. */
  get entryCount(): number {
    return this.bundles.size + this.counts.size;
  }

  async put(bundles: readonly StoredBundle[]): Promise<void> {
    this.refuseWhenClosed();
    const now = this.now();
    for (const { key, bundle, ttlMs } of bundles) {
      this.bundles.set(key, { bundle: Buffer.from(bundle), expiresAt: now + ttlMs });
    }
  }

  async find(key: string): Promise<Buffer | undefined> {
    this.refuseWhenClosed();
    const entry = this.bundles.get(key);
    return entry && entry.expiresAt > this.now() ? Buffer.from(entry.bundle) : undefined;
  }

  async take(uses: readonly HandleUse[], replayWindowMs: number): Promise<UseOutcome[]> {
    this.refuseWhenClosed();
    const now = this.now();
    return uses.map((use) => this.takeOne(use, replayWindowMs, now));
  }

  async drop(keys: readonly string[]): Promise<void> {
    this.refuseWhenClosed();
    for (const key of keys) this.bundles.delete(key);
  }

  async renew(keys: readonly string[]): Promise<void> {
    this.refuseWhenClosed();
    for (const key of keys) this.counts.delete(key);
  }

  async status(): Promise<{ healthy: boolean; reason?: string }> {
    return this.closed ? { healthy: false, reason: 'the handle store is closed' } : { healthy: true };
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.sweepTimer);
    this.bundles.clear();
    this.counts.clear();
  }

  private takeOne({ key, use, usesMax }: HandleUse, replayWindowMs: number, now: number): UseOutcome {
    const kept = this.counts.get(key);
    const uses = kept && kept.expiresAt > now ? kept.uses : new Map<string, Taken>();
    const { count, takenAt } = uses.get(use) ?? { count: 0, takenAt: -Infinity };
    if (count < usesMax) {
      uses.set(use, { count: count + 1, takenAt: now });
      this.counts.set(key, { uses, expiresAt: now + useCountsTtlMs });
      return 'taken';
    }
    return replayWindowMs > 0 && now - takenAt <= replayWindowMs ? 'replayed' : 'used_up';
  }

  private sweep(): void {
    const now = this.now();
    for (const [key, { expiresAt }] of this.bundles) if (expiresAt <= now) this.bundles.delete(key);
    for (const [key, { expiresAt }] of this.counts) if (expiresAt <= now) this.counts.delete(key);
  }

  private refuseWhenClosed(): void {
    if (!this.closed) return;
    throw new AppError('unavailable', 'handle_store_unavailable', { message: 'The handle store is closed.' });
  }
}

interface Taken {
  count: number;
  takenAt: number;
}
