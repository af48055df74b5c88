import type { SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';

/** The holder of the root KEK: a file, or a service that never lets the key out. */
export abstract class KekProvider {
  /** Whether the root KEK can be used now, and its id in hex: hash(provider, key), never reused. Does not throw. */
  abstract status(): Promise<{ healthy: boolean; keyId: string }>;

  /** Encrypts a key under the root KEK; the secret stays the caller's. `kek_unavailable` when it cannot be asked. */
  abstract wrap(secret: SecretBytes, context: SealContext): Promise<Buffer>;

  /**
   * The key that was wrapped with this context, the caller's to destroy; `open_failed` when it does not open,
   * `kek_unavailable` (kind `unavailable`) when the provider cannot be asked.
   */
  abstract unwrap(wrapped: Buffer, context: SealContext): Promise<SecretBytes>;

  /** Forgets the root KEK or the connection to it; everything afterwards is `kek_unavailable`. */
  abstract close(): void;
}
