import { createRequire } from 'node:module';

/** What kafkajs hands to its encoder of records; headers may be repeated. */
interface RecordParts {
  offsetDelta?: number;
  timestampDelta?: number;
  key: Bytes;
  value: Bytes;
  headers?: Readonly<Record<string, Bytes | Bytes[] | undefined>>;
}
type Bytes = Buffer | string | null | undefined;

/** The part of kafkajs' Encoder that its batches need. */
interface Encoded {
  buf: Buffer;
  buffer: Buffer;
}

const replaced = Symbol.for('latchkey.kafkajs.record-encoder');

/**
 * Replaces the encoder of records in kafkajs 2.2.4, which allocates a buffer of 512 bytes or more for the record and each
 * of its headers, and one more for each number. Further calls do nothing.
 */
export function useLeanRecordEncoder(): void {
  const require = createRequire(import.meta.url);
  const path = require.resolve('kafkajs/src/protocol/recordBatch/record/v0/index.js');
  require(path);
  const loaded = require.cache[path] as { exports: unknown; [replaced]?: true } | undefined;
  if (!loaded || loaded[replaced]) return;
  loaded[replaced] = true;
  loaded.exports = encodeRecord;
}

/** One record of a record batch, version 2 (Kafka protocol guide, "Record"), in one buffer of its exact size. */
export function encodeRecord({ offsetDelta = 0, timestampDelta = 0, key, value, headers = {} }: RecordParts): Encoded {
  const pairs = headerPairs(headers);
  let size = 1 + sizeOfVarint(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value);
  size += sizeOfVarint(pairs.length);
  for (const [name, bytes] of pairs) size += sizeOfBytes(name) + sizeOfBytes(bytes);
  const buf = Buffer.allocUnsafe(sizeOfVarint(size) + size);
  let at = writeVarint(buf, 0, size);
  at = buf.writeInt8(0, at);
  at = writeVarint(buf, at, timestampDelta);
  at = writeVarint(buf, at, offsetDelta);
  at = writeBytes(buf, at, key);
  at = writeBytes(buf, at, value);
  at = writeVarint(buf, at, pairs.length);
  for (const [name, bytes] of pairs) at = writeBytes(buf, writeBytes(buf, at, name), bytes);
  return { buf, buffer: buf };
}

function headerPairs(headers: NonNullable<RecordParts['headers']>): [name: string, bytes: Bytes][] {
  const pairs: [string, Bytes][] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (Array.isArray(value)) for (const each of value) pairs.push([name, each]);
    else pairs.push([name, value]);
  }
  return pairs;
}

function sizeOfBytes(bytes: Bytes): number {
  if (bytes === null || bytes === undefined) return 1;
  const length = Buffer.byteLength(bytes);
  return sizeOfVarint(length) + length;
}

function writeBytes(target: Buffer, at: number, bytes: Bytes): number {
  if (bytes === null || bytes === undefined) return writeVarint(target, at, -1);
  if (typeof bytes === 'string') {
    const start = writeVarint(target, at, Buffer.byteLength(bytes));
    return start + target.write(bytes, start);
  }
  const start = writeVarint(target, at, bytes.length);
  return start + bytes.copy(target, start);
}

/** Zigzag varint of an integer that fits into 32 bits after doubling. */
function sizeOfVarint(value: number): number {
  let rest = zigzag(value);
  let size = 1;
  while (rest > 0x7f) {
    rest >>>= 7;
    size += 1;
  }
  return size;
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = zigzag(value);
  let next = at;
  while (rest > 0x7f) {
    target[next] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    next += 1;
  }
  target[next] = rest;
  return next + 1;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}
