import { timingSafeEqual } from 'node:crypto';

/** Whether both hold the same bytes, in a time that depends on the lengths only. */
export function equalConstantTime(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
