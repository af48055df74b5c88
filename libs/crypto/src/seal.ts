import { AppError } from '#libs/errors';
import { commitmentLength, encodePrefix, nonceLength, prefixLength, saltLength, tagLength } from './envelope-header.js';
import { equalConstantTime } from './equal-constant-time.js';
import { openFailed } from './open-failed.js';
import { randomToken } from './random.js';
import type { KeyRef, SealContext } from './seal-context.js';
import { sealWith } from './seal-with.js';
import { SecretBytes } from './secret-bytes.js';
import { loadedSodium } from './sodium.js';
import { bindingOf, keyLength, withSubkey } from './subkey.js';

const headerLength = prefixLength + commitmentLength + nonceLength;

/** Encrypts under a 32-byte key, bound to key reference and context, in the format of docs/envelope-format.md. */
export function seal(key: SecretBytes, keyRef: KeyRef, plaintext: SecretBytes | Buffer, context: SealContext): Buffer {
  const fresh = randomToken(saltLength + nonceLength);
  const header = { keyRef, salt: fresh.subarray(0, saltLength), nonce: fresh.subarray(saltLength) };
  return sealWith(key, header, plaintext, context);
}

/**
 * Decrypts what `seal` made with the same key, key reference and context. Whatever does not open is `open_failed`,
 * without detail; only a destroyed key is told apart (`secret_destroyed`). The result is the caller's to destroy.
 */
export function open(key: SecretBytes, keyRef: KeyRef, sealed: Buffer, context: SealContext): SecretBytes {
  if (sealed.length < headerLength + tagLength || key.byteLength !== keyLength) throw openFailed();
  const binding = expectedBinding(keyRef, sealed, context);
  const commitmentEnd = prefixLength + commitmentLength;
  return withSubkey(key, binding, (subkey, commitment) => {
    if (!equalConstantTime(commitment, sealed.subarray(prefixLength, commitmentEnd))) throw openFailed();
    return decrypt(sealed.subarray(headerLength), binding, sealed.subarray(commitmentEnd, headerLength), subkey);
  });
}

/** Builds what the prefix has to be and compares: nothing is parsed out of the record, nothing in it is believed. */
function expectedBinding(keyRef: KeyRef, sealed: Buffer, context: SealContext): Buffer {
  const salt = sealed.subarray(prefixLength - saltLength, prefixLength);
  try {
    const prefix = encodePrefix(keyRef, context.recordType, salt);
    if (!prefix.equals(sealed.subarray(0, prefixLength))) throw openFailed();
    return bindingOf(prefix, context);
  } catch (error) {
    throw error instanceof AppError ? openFailed() : error;
  }
}

function decrypt(ciphertext: Buffer, binding: Buffer, nonce: Buffer, subkey: Buffer): SecretBytes {
  const sodium = loadedSodium();
  let plaintext: Uint8Array;
  try {
    plaintext = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, binding, nonce, subkey);
  } catch {
    throw openFailed();
  }
  return SecretBytes.take(Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length));
}
