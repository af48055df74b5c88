import { AppError } from '#libs/errors';
import { encodeFields } from './field-encoding.js';
import type { SecretBytes } from './secret-bytes.js';
import { loadedSodium } from './sodium.js';
import { keyLength } from './subkey.js';

const blockLength = 64;
const counterLength = 4;
const derivedLengthMax = 65_536;

/**
 * Keyed BLAKE2b over label and parts, 16 to 64 bytes (32 by default). Different labels, lists of parts or lengths
 * give unrelated results; a string and its UTF-8 bytes count as the same part. The key has 32 bytes.
 */
export function keyedHash(
  key: SecretBytes,
  label: string,
  parts: readonly (string | Buffer)[],
  length: number = 32,
): Buffer {
  if (!Number.isInteger(length) || length < 16 || length > blockLength) throw badLength();
  const message = encodeFields(['latchkey/hash/1', label, ...parts]);
  try {
    return blake2b(key, message, length);
  } finally {
    message.fill(0);
  }
}

/**
 * Pseudorandom bytes of any length up to 64 KiB that depend on key, label, parts and the length asked for: keyed
 * BLAKE2b-512 in counter mode, one hash for each 64 bytes. The key has 32 bytes.
 */
export function deriveBytes(
  key: SecretBytes,
  label: string,
  parts: readonly (string | Buffer)[],
  length: number,
): Buffer {
  if (!Number.isInteger(length) || length < 0 || length > derivedLengthMax) throw badLength();
  const derived = Buffer.allocUnsafeSlow(length);
  const message = encodeFields(['latchkey/derive/1', label, length, ...parts, 0]);
  try {
    for (let at = 0, counter = 0; at < length; at += blockLength, counter += 1) {
      message.writeUInt32BE(counter, message.length - counterLength);
      const block = blake2b(key, message, blockLength);
      block.copy(derived, at);
      block.fill(0);
    }
  } finally {
    message.fill(0);
  }
  return derived;
}

function blake2b(key: SecretBytes, message: Buffer, length: number): Buffer {
  if (key.byteLength !== keyLength) throw new AppError('internal', 'bad_key_length');
  const sodium = loadedSodium();
  const hash = key.use((bytes) => sodium.crypto_generichash(length, message, bytes));
  return Buffer.from(hash.buffer, hash.byteOffset, hash.length);
}

function badLength(): AppError {
  return new AppError('internal', 'bad_length');
}
