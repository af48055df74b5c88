import { encodePrefix } from './envelope-header.js';
import type { KeyRef, SealContext } from './seal-context.js';
import { SecretBytes } from './secret-bytes.js';
import { loadedSodium } from './sodium.js';
import { bindingOf, withSubkey } from './subkey.js';

/** What stands in the header of one record besides constants. */
export interface HeaderValues {
  readonly keyRef: KeyRef;
  /** 16 bytes, never used twice with one key. */
  readonly salt: Buffer;
  /** 24 bytes. */
  readonly nonce: Buffer;
}

/** `seal` with the randomness given: the same input makes the same record. For known answers only. */
export function sealWith(
  key: SecretBytes,
  { keyRef, salt, nonce }: HeaderValues,
  plaintext: SecretBytes | Buffer,
  context: SealContext,
): Buffer {
  const prefix = encodePrefix(keyRef, context.recordType, salt);
  const binding = bindingOf(prefix, context);
  return withSubkey(key, binding, (subkey, commitment) => {
    const encrypt = (bytes: Buffer): Uint8Array =>
      loadedSodium().crypto_aead_xchacha20poly1305_ietf_encrypt(bytes, binding, null, nonce, subkey);
    const ciphertext = plaintext instanceof SecretBytes ? plaintext.use(encrypt) : encrypt(plaintext);
    return Buffer.concat([prefix, commitment, nonce, ciphertext]);
  });
}
