import { KekProvider } from './kek-provider.port.js';
import { randomSecret } from './random.js';
import { RootKey } from './root-key.js';
import type { SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';
import { keyLength } from './subkey.js';

/** A root KEK that dies with the process: for tests and trials. */
export class MemoryKekProvider extends KekProvider {
  private readonly rootKey: RootKey;

  /** Takes ownership of the key, 32 bytes, random by default; await `cryptoReady` before. */
  constructor(key: SecretBytes = randomSecret(keyLength)) {
    super();
    this.rootKey = new RootKey('memory', key);
  }

  override async status(): Promise<{ healthy: boolean; keyId: string }> {
    return this.rootKey.status();
  }

  override async wrap(secret: SecretBytes, context: SealContext): Promise<Buffer> {
    return this.rootKey.wrap(secret, context);
  }

  override async unwrap(wrapped: Buffer, context: SealContext): Promise<SecretBytes> {
    return this.rootKey.unwrap(wrapped, context);
  }

  override close(): void {
    this.rootKey.forget();
  }
}
