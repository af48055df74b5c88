import { randomFillSync } from 'node:crypto';
import { SecretBytes } from './secret-bytes.js';

const pool = Buffer.allocUnsafeSlow(8192);
let poolUsed = pool.length;

/** Fresh random bytes that live outside every pool. */
export function randomSecret(byteLength: number): SecretBytes {
  return SecretBytes.take(randomFillSync(Buffer.allocUnsafeSlow(byteLength)));
}

/** Fresh random bytes for salts, nonces and tokens: drawn ahead in bulk, erased from the pool as they are handed out. */
export function randomToken(byteLength: number): Buffer {
  if (byteLength > pool.length) return randomFillSync(Buffer.allocUnsafeSlow(byteLength));
  if (poolUsed + byteLength > pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const drawn = pool.subarray(poolUsed, poolUsed + byteLength);
  const token = Buffer.from(drawn);
  drawn.fill(0);
  poolUsed += byteLength;
  return token;
}
