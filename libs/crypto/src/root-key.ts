import { AppError } from '#libs/errors';
import { keyIdOf } from './key-id.js';
import { open, seal } from './seal.js';
import type { KeyRef, SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';

/** A root KEK in this process's memory: what every adapter does that holds the key itself. */
export class RootKey {
  private readonly keyRef: KeyRef;
  private forgotten = false;

  /** Takes ownership of the key; libsodium must be ready. */
  constructor(
    provider: string,
    private readonly key: SecretBytes,
  ) {
    this.keyRef = { id: keyIdOf(key, `root-kek/${provider}`), version: 1 };
  }

  status(): { healthy: boolean; keyId: string } {
    return { healthy: !this.forgotten, keyId: this.keyRef.id.toString('hex') };
  }

  wrap(secret: SecretBytes, context: SealContext): Buffer {
    this.requireKey();
    return seal(this.key, this.keyRef, secret, context);
  }

  unwrap(wrapped: Buffer, context: SealContext): SecretBytes {
    this.requireKey();
    return open(this.key, this.keyRef, wrapped, context);
  }

  /** Zeroes the key. */
  forget(): void {
    this.forgotten = true;
    this.key.destroy();
  }

  private requireKey(): void {
    if (!this.forgotten) return;
    throw new AppError('unavailable', 'kek_unavailable', { message: 'The KEK provider is closed.' });
  }
}
