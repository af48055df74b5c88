import type { SecretBytes } from '#libs/crypto';
import { LRUCache } from 'lru-cache';

interface OpenedKey {
  version: number;
  apiKey: SecretBytes;
}

/**
 * API keys opened a moment ago, one version per slot, zeroed when they leave. Never decides which version is
 * current: the primary names the version, this only spares opening it again.
 */
export class OpenedKeyCache {
  private readonly entries: LRUCache<string, OpenedKey>;
  private readonly sweep: NodeJS.Timeout;

  constructor(options: { max?: number; ttlMs?: number } = {}) {
    const ttl = options.ttlMs ?? 30_000;
    this.entries = new LRUCache({
      max: options.max ?? 50_000,
      ttl,
      updateAgeOnGet: false,
      dispose: (entry) => entry.apiKey.destroy(),
    });
    this.sweep = setInterval(() => this.entries.purgeStale(), ttl / 2).unref();
  }

  heldVersion(organizationId: string, provider: string): number | undefined {
    return this.entries.get(entryKey(organizationId, provider))?.version;
  }

  /** The opened key of exactly this version. Use it at once: it may be zeroed in a later turn of the event loop. */
  get(organizationId: string, provider: string, version: number): SecretBytes | undefined {
    const entry = this.entries.get(entryKey(organizationId, provider));
    return entry?.version === version ? entry.apiKey : undefined;
  }

  /** Takes ownership of the key. */
  set(organizationId: string, provider: string, version: number, apiKey: SecretBytes): void {
    this.entries.set(entryKey(organizationId, provider), { version, apiKey });
  }

  /** Zeroes everything. */
  close(): void {
    clearInterval(this.sweep);
    this.entries.clear();
  }
}

function entryKey(organizationId: string, provider: string): string {
  return `${organizationId}/${provider}`;
}
