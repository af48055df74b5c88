import { openKekFile, type KekFileOptions } from './kek-file.js';
import { KekProvider } from './kek-provider.port.js';
import { RootKey } from './root-key.js';
import type { SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';
import { cryptoReady } from './sodium.js';

/** A root KEK in a file that only its owner can read; held in memory from `open` to `close`. */
export class LocalFileKekProvider extends KekProvider {
  private constructor(private readonly rootKey: RootKey) {
    super();
  }

  /**
   * Reads the file, or makes it when it is missing and that is wanted. Throws `kek_file_missing`,
   * `kek_file_permissions`, `kek_file_garbled`, `kek_file_unreadable` or `kek_file_unwritable`, each saying what to do.
   */
  static async open(path: string, options: KekFileOptions): Promise<LocalFileKekProvider> {
    await cryptoReady();
    return new LocalFileKekProvider(new RootKey('local-file', await openKekFile(path, options)));
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
