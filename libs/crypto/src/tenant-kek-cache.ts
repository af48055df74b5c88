import { AppError } from '#libs/errors';
import { LRUCache } from 'lru-cache';
import { equalConstantTime } from './equal-constant-time.js';
import type { KekProvider } from './kek-provider.port.js';
import { openFailed } from './open-failed.js';
import type { SecretBytes } from './secret-bytes.js';
import { keyLength } from './subkey.js';
import { tenantKekContext, type TenantKek } from './tenant-kek.js';

export interface TenantKekCacheOptions {
  /** How many KEKs to hold (10,000 by default); keep it far above what is in use at one moment. */
  max?: number;
  /** Age in milliseconds from which the provider is asked again (60,000 by default). */
  refreshAfterMs?: number;
  /** Age in milliseconds from which a KEK is not used any more, however sick the provider (180,000 by default). */
  sealedAfterMs?: number;
  /** A clock that never goes back, in milliseconds. */
  now?: () => number;
}

interface HeldKek {
  kek: TenantKek;
  unwrappedAtMs: number;
  askAgainAtMs: number;
}

/** How long a held KEK is used without asking after the provider could not be asked. */
const sickPauseMs = 5_000;

/**
 * Unwrapped tenant KEKs in this process. What it hands out stays the cache's own: use it in the turn you got it,
 * never keep or destroy it. Eviction, `clear` and the end of its age zero the key under your hands, after which it
 * throws `secret_destroyed`; it never opens wrongly.
 */
export class TenantKekCache {
  private readonly held: LRUCache<string, HeldKek>;
  private readonly refreshAfterMs: number;
  private readonly sealedAfterMs: number;
  private readonly now: () => number;
  private unwrapping = new Map<string, Promise<TenantKek>>();
  private sweepAtMs: number;

  constructor(
    private readonly provider: KekProvider,
    options: TenantKekCacheOptions = {},
  ) {
    this.refreshAfterMs = options.refreshAfterMs ?? 60_000;
    this.sealedAfterMs = options.sealedAfterMs ?? 180_000;
    this.now = options.now ?? (() => performance.now());
    this.sweepAtMs = this.now() + this.refreshAfterMs;
    this.held = new LRUCache({ max: options.max ?? 10_000, dispose: ({ kek }) => kek.key.destroy() });
  }

  /** The KEK if it is held. Ask for it after `unwrap` only: it is there until its end even if due to be asked for again. */
  get(organizationId: string, version: number): TenantKek | undefined {
    const held = this.held.get(cacheKeyOf(organizationId, version));
    return held && this.now() < held.unwrappedAtMs + this.sealedAfterMs ? held.kek : undefined;
  }

  /** Whether the KEK is held and young enough that the provider need not be asked. */
  isFresh(organizationId: string, version: number): boolean {
    const held = this.held.get(cacheKeyOf(organizationId, version));
    return held !== undefined && this.now() < held.askAgainAtMs;
  }

  /**
   * The KEK, from the provider when it is not held or too old; callers of one KEK at one time share one request.
   * `sealed` (kind `unavailable`) when the provider cannot be asked and nothing young enough is held, `open_failed`
   * when it does not open.
   */
  unwrap(organizationId: string, version: number, wrapped: Buffer): Promise<TenantKek> {
    const cacheKey = cacheKeyOf(organizationId, version);
    if (this.isFresh(organizationId, version)) return Promise.resolve(this.held.get(cacheKey)!.kek);
    const unwrapping = this.unwrapping;
    const pending = unwrapping.get(cacheKey);
    if (pending) return pending;
    const asked = this.ask(organizationId, version, wrapped).finally(() => unwrapping.delete(cacheKey));
    unwrapping.set(cacheKey, asked);
    return asked;
  }

  /** Zeroes every KEK; requests under way end as `sealed`. */
  clear(): void {
    this.unwrapping = new Map();
    this.held.clear();
  }

  private async ask(organizationId: string, version: number, wrapped: Buffer): Promise<TenantKek> {
    this.sweepWhenDue();
    const generation = this.unwrapping;
    let key: SecretBytes;
    try {
      key = await this.provider.unwrap(wrapped, tenantKekContext(organizationId, version));
    } catch (error) {
      return this.withoutProvider(cacheKeyOf(organizationId, version), error);
    }
    if (generation === this.unwrapping && key.byteLength === keyLength)
      return this.hold({ organizationId, version, key });
    key.destroy();
    throw generation === this.unwrapping ? openFailed() : sealed();
  }

  /** A KEK that came back unchanged keeps its object, so a refresh zeroes nothing that someone is using. */
  private hold(kek: TenantKek): TenantKek {
    const unwrappedAtMs = this.now();
    const times = { unwrappedAtMs, askAgainAtMs: unwrappedAtMs + Math.min(this.refreshAfterMs, this.sealedAfterMs) };
    const cacheKey = cacheKeyOf(kek.organizationId, kek.version);
    const held = this.held.get(cacheKey);
    if (held && sameSecret(held.kek.key, kek.key)) {
      kek.key.destroy();
      Object.assign(held, times);
      return held.kek;
    }
    this.held.set(cacheKey, { kek, ...times });
    return kek;
  }

  private withoutProvider(cacheKey: string, error: unknown): TenantKek {
    const unavailable = error instanceof AppError && error.kind === 'unavailable';
    const held = this.held.get(cacheKey);
    const sealedAtMs = (held?.unwrappedAtMs ?? -Infinity) + this.sealedAfterMs;
    if (held && unavailable && this.now() < sealedAtMs) {
      held.askAgainAtMs = Math.min(this.now() + sickPauseMs, sealedAtMs);
      return held.kek;
    }
    this.held.delete(cacheKey);
    throw unavailable ? sealed(error) : error;
  }

  private sweepWhenDue(): void {
    const now = this.now();
    if (now < this.sweepAtMs) return;
    this.sweepAtMs = now + this.refreshAfterMs;
    const ended = [...this.held.entries()].filter(([, held]) => now >= held.unwrappedAtMs + this.sealedAfterMs);
    for (const [cacheKey] of ended) this.held.delete(cacheKey);
  }
}

function cacheKeyOf(organizationId: string, version: number): string {
  return `${version}:${organizationId}`;
}

function sameSecret(a: SecretBytes, b: SecretBytes): boolean {
  return a.use((left) => b.use((right) => equalConstantTime(left, right)));
}

function sealed(cause?: unknown): AppError {
  return new AppError('unavailable', 'sealed', {
    message: 'The tenant KEK cannot be unwrapped: the KEK provider does not answer.',
    cause,
  });
}
