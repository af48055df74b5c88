import type { SecretBytes } from '#libs/crypto';
import { SlotMap } from './slot-map.js';

interface OpenedKey {
  version: number;
  apiKey: SecretBytes;
}

/**
 * API keys opened a moment ago, one version per slot, zeroed when they leave. Never decides which version is current: the
 * primary names the version, this only spares opening it again. Kept in two generations, the younger becoming the older
 * every half lifetime, so that a look-up moves nothing and no key stays longer than `ttlMs`.
 */
export class OpenedKeyCache {
  private young = new SlotMap<OpenedKey>();
  private old = new SlotMap<OpenedKey>();
  private readonly countMax: number;
  private readonly timer: NodeJS.Timeout;

  constructor(options: { max?: number; ttlMs?: number } = {}) {
    this.countMax = (options.max ?? 50_000) / 2;
    this.timer = setInterval(() => this.age(), (options.ttlMs ?? 30_000) / 2).unref();
  }

  heldVersion(organizationId: string, provider: string): number | undefined {
    return this.find(organizationId, provider)?.version;
  }

  /** The opened key of exactly this version. Use it at once: it may be zeroed in a later turn of the event loop. */
  get(organizationId: string, provider: string, version: number): SecretBytes | undefined {
    const entry = this.find(organizationId, provider);
    return entry?.version === version ? entry.apiKey : undefined;
  }

  /** Takes ownership of the key. */
  set(organizationId: string, provider: string, version: number, apiKey: SecretBytes): void {
    if (this.young.size >= this.countMax) this.age();
    this.find(organizationId, provider)?.apiKey.destroy();
    this.young.set(organizationId, provider, { version, apiKey });
  }

  /** Zeroes everything. */
  close(): void {
    clearInterval(this.timer);
    for (const generation of [this.young, this.old]) destroyAll(generation);
    this.young = new SlotMap();
    this.old = new SlotMap();
  }

  /** What is in the younger generation hides what the older one has of the same slot. */
  private find(organizationId: string, provider: string): OpenedKey | undefined {
    return this.young.get(organizationId, provider) ?? this.old.get(organizationId, provider);
  }

  /** Keys of the older generation may have been given out in this very turn. */
  private age(): void {
    const leaving = this.old;
    setImmediate(() => destroyAll(leaving));
    this.old = this.young;
    this.young = new SlotMap();
  }
}

function destroyAll(generation: SlotMap<OpenedKey>): void {
  for (const { apiKey } of generation.values()) apiKey.destroy();
}
