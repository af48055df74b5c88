import { AppError } from '#libs/errors';

/** A string stands for its UTF-8 bytes; a number must be an integer from 0 to 2^53-1. */
export type Field = string | number | Buffer;

const bytesTag = 0x01;
const integerTag = 0x02;
const bytesPrefixLength = 5;
const integerLength = 9;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * Encodes fields so that two different lists never give the same bytes: `01 ‖ u32 length ‖ bytes` for each string or
 * buffer, `02 ‖ u64` for each integer, big endian (docs/envelope-format.md). `room` bytes are left free in front.
 * Throws `unencodable_field` for a number out of range and for a string that is not well-formed Unicode.
 */
export function encodeFields(fields: readonly Field[], room = 0): Buffer {
  let length = room;
  for (const field of fields) length += lengthOf(field);
  const encoded = Buffer.allocUnsafe(length);
  let at = room;
  for (const field of fields) at = write(encoded, at, field);
  return encoded;
}

function lengthOf(field: Field): number {
  if (typeof field === 'number') return integerLength;
  return bytesPrefixLength + (typeof field === 'string' ? Buffer.byteLength(field) : field.length);
}

function write(target: Buffer, at: number, field: Field): number {
  if (typeof field === 'number') return writeInteger(target, at, field);
  if (typeof field === 'string' && loneSurrogate.test(field)) throw unencodable();
  const start = at + bytesPrefixLength;
  const length = typeof field === 'string' ? target.write(field, start) : field.copy(target, start);
  target[at] = bytesTag;
  target.writeUInt32BE(length, at + 1);
  return start + length;
}

function writeInteger(target: Buffer, at: number, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw unencodable();
  target[at] = integerTag;
  target.writeUInt32BE(Math.floor(value / 2 ** 32), at + 1);
  target.writeUInt32BE(value % 2 ** 32, at + 5);
  return at + integerLength;
}

function unencodable(): AppError {
  return new AppError('internal', 'unencodable_field', {
    message: 'A field must be well-formed text, bytes, or an integer from 0 to 2^53-1.',
  });
}
