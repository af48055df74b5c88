import { createRequire } from 'node:module';

/** The part of kafkajs' Decoder that is needed: the bytes of one record, and how far they are read. */
interface RecordBytes {
  buffer: Buffer;
  offset: number;
}

/** What kafkajs knows of the batch that a record is in, as far as a record depends on it; integers as decimal strings. */
interface BatchContext {
  firstOffset: string;
  firstTimestamp: string;
  maxTimestamp?: string;
  magicByte?: number;
  isControlBatch?: boolean;
  timestampType?: number;
}

type HeaderValue = Buffer | null;

const replaced = Symbol.for('latchkey.kafkajs.record-decoder');
const logAppendTime = 1;

/**
 * Replaces the decoder of records in kafkajs 2.2.4, which copies all headers of a record for each header and computes
 * with three objects for each 64-bit number. Must run before kafkajs is first used. Further calls do nothing.
 */
export function useLeanRecordDecoder(): void {
  const require = createRequire(import.meta.url);
  const path = require.resolve('kafkajs/src/protocol/recordBatch/record/v0/decoder.js');
  require(path);
  const loaded = require.cache[path] as { exports: unknown; [replaced]?: true } | undefined;
  if (!loaded || loaded[replaced]) return;
  loaded[replaced] = true;
  loaded.exports = decodeRecord;
}

/** One record of a record batch, version 2, without its length (Kafka protocol guide, "Record"). */
export function decodeRecord({ buffer, offset: start }: RecordBytes, batchContext: BatchContext) {
  const reader = { buffer, at: start + 1 };
  const timestamp = Number(batchContext.firstTimestamp) + readVarint(reader);
  const offset = Number(batchContext.firstOffset) + readVarint(reader);
  const isStampedByBroker = batchContext.timestampType === logAppendTime && batchContext.maxTimestamp;
  return {
    magicByte: batchContext.magicByte,
    attributes: buffer.readInt8(start),
    timestamp: isStampedByBroker ? batchContext.maxTimestamp : String(timestamp),
    offset: String(offset),
    key: readBytes(reader),
    value: readBytes(reader),
    headers: readHeaders(reader),
    isControlRecord: batchContext.isControlBatch ?? false,
    batchContext,
  };
}

interface Reader {
  readonly buffer: Buffer;
  at: number;
}

function readHeaders(reader: Reader): Record<string, HeaderValue | HeaderValue[]> {
  const headers = Object.create(null) as Record<string, HeaderValue | HeaderValue[]>;
  for (let left = readVarint(reader); left > 0; left -= 1) {
    const name = readBytes(reader)?.toString('utf8') ?? 'null';
    const value = readBytes(reader);
    const earlier = headers[name];
    if (earlier === undefined) headers[name] = value;
    else if (Array.isArray(earlier)) earlier.push(value);
    else headers[name] = [earlier, value];
  }
  return headers;
}

/** `null` for the length -1. */
function readBytes(reader: Reader): HeaderValue {
  const length = readVarint(reader);
  if (length === -1) return null;
  const start = reader.at;
  reader.at += length;
  return reader.buffer.subarray(start, reader.at);
}

/** Zigzag varint or varlong; exact up to 2^53, which times and offsets never reach. */
function readVarint(reader: Reader): number {
  let value = 0;
  for (let factor = 1; ; factor *= 0x80) {
    const byte = reader.buffer[reader.at++] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
