import { hash } from 'node:crypto';

/** Namespace of all outcome ids (drawn once, never changes). */
const namespace = Buffer.from('6b1f0c5e8a0d4f0e9d0a3f6f5f2c7b11', 'hex');

/**
 * The id of the one outcome of type `type` that event `eventId` may have: UUIDv5 (RFC 9562 section 5.5) of both,
 * so that a redelivered event repeats its outcome instead of making a second one.
 */
export function outcomeId(eventId: string, type: string): string {
  const hex = hash('sha1', Buffer.concat([namespace, Buffer.from(`${eventId}\n${type}`)]));
  const variant = ((parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
