import { deriveBytes, type SecretBytes } from '#libs/crypto';

/** Draws so many bytes that nobody can guess. */
export type DrawBytes = (byteLength: number) => Buffer;

/** Draws that are the same for the same key and seed, one after the other. */
export function repeatableDraw(key: SecretBytes, seed: string): DrawBytes {
  let count = 0;
  return (byteLength) => {
    count += 1;
    return deriveBytes(key, 'idempotent-draw', [seed, String(count)], byteLength);
  };
}

/** A random UUID (version 4) out of drawn bytes. */
export function drawUuid(draw: DrawBytes): string {
  const bytes = Buffer.from(draw(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
