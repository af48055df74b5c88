import { keyedHash } from './keyed-hash.js';
import type { SecretBytes } from './secret-bytes.js';

/**
 * The 16-byte public name of a key: a hash of what it is for under the key itself, so it is never reused and tells
 * nothing about the key.
 */
export function keyIdOf(key: SecretBytes, purpose: string): Buffer {
  return keyedHash(key, 'key-id', [purpose], 16);
}
