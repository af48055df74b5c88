import { createHash } from 'node:crypto';

/** Namespace of all outcome ids (drawn once, never changes). */
const namespace = Buffer.from('6b1f0c5e8a0d4f0e9d0a3f6f5f2c7b11', 'hex');

/**
 * The id of the one outcome of type `type` that event `eventId` may have: UUIDv5 (RFC 9562 section 5.5) of both,
 * so that a redelivered event repeats its outcome instead of making a second one.
 */
export function outcomeId(eventId: string, type: string): string {
  const hash = createHash('sha1').update(namespace).update(eventId).update('\n').update(type).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
