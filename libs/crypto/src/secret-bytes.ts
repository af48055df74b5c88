import { inspect } from 'node:util';
import { AppError } from '#libs/errors';

const placeholder = '[secret]';

/** Bytes that print as `[secret]` everywhere, can be read only inside `use`, and are zeroed by `destroy`. */
export class SecretBytes {
  readonly #bytes: Buffer;
  #destroyed = false;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Takes ownership of the buffer itself, without a copy: the caller must neither keep nor change it. */
  static take(bytes: Buffer): SecretBytes {
    return new SecretBytes(bytes);
  }

  /** The UTF-8 bytes of a text; the text itself stays in memory until it is collected. */
  static fromUtf8(text: string): SecretBytes {
    const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
    bytes.write(text);
    return new SecretBytes(bytes);
  }

  /** The same bytes once more, to be destroyed by themselves. */
  copy(): SecretBytes {
    return this.use((bytes) => new SecretBytes(Buffer.from(bytes)));
  }

  /** Length in bytes, also after `destroy`. */
  get byteLength(): number {
    return this.#bytes.length;
  }

  /** Lends the bytes for the length of a synchronous call; throws `secret_destroyed` after `destroy`. */
  use<T>(read: (bytes: Buffer) => T): T {
    if (this.#destroyed) throw new AppError('internal', 'secret_destroyed');
    return read(this.#bytes);
  }

  /** Zeroes the bytes; more than once does no harm. */
  destroy(): void {
    this.#destroyed = true;
    this.#bytes.fill(0);
  }

  toString(): string {
    return placeholder;
  }

  toJSON(): string {
    return placeholder;
  }

  [inspect.custom](): string {
    return placeholder;
  }
}
