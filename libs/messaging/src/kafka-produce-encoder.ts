import { createRequire } from 'node:module';
import { ByteWriter, sizeOfVarBytes, sizeOfVarint, type Bytes } from './byte-writer.js';

/** What kafkajs hands to the encoder of a produce request, as far as we use it. */
export interface ProduceOptions {
  acks: number;
  timeout: number;
  transactionalId?: string | null;
  compression?: number;
  producerId?: unknown;
  producerEpoch?: number;
  topicData: { topic: string; partitions: PartitionRecords[] }[];
}

interface PartitionRecords {
  partition: number;
  firstSequence?: number;
  messages: ProducedRecord[];
}

interface ProducedRecord {
  key: Bytes;
  value: Bytes;
  headers?: Readonly<Record<string, Bytes | Bytes[]>>;
  timestamp?: string;
}

/** The part of kafkajs' Encoder that its requests need of a payload. */
interface Encoded {
  buf: Buffer;
  buffer: Buffer;
}

type ProduceRequest = (options: ProduceOptions) => { encode: () => Promise<Encoded> };

const replaced = Symbol.for('latchkey.kafkajs.produce-encoder');
const require = createRequire(import.meta.url);
const crc32c = require('kafkajs/src/protocol/recordBatch/crc32C/index.js') as (bytes: Buffer) => number;

/** Of a record batch: what stands before its records, and what of it before the part that the checksum covers. */
const batchHeaderLength = 61;
const checksumEnd = 21;

/**
 * Replaces the encoder of produce requests in kafkajs 2.2.4, which allocates 512 bytes or more for every record, header
 * and number and copies a batch eight times. All later versions of the request build on this one. Further calls do
 * nothing.
 */
export function useLeanProduceEncoder(): void {
  const path = require.resolve('kafkajs/src/protocol/requests/produce/v3/request.js');
  const original = require(path) as ProduceRequest;
  const loaded = require.cache[path] as { exports: unknown; [replaced]?: true } | undefined;
  if (!loaded || loaded[replaced]) return;
  loaded[replaced] = true;
  loaded.exports = (options: ProduceOptions) => {
    const request = original(options);
    return isPlain(options) ? { ...request, encode: async () => encodeProduce(options, Date.now()) } : request;
  };
}

/** Whether the request has nothing that we never use: transactions, idempotence, compression, timestamps of its own. */
function isPlain({ transactionalId, producerId = -1, compression, topicData }: ProduceOptions): boolean {
  if (transactionalId || compression || String(producerId) !== '-1') return false;
  return topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages.every(({ timestamp }) => timestamp === undefined)),
  );
}

/** Produce request, version 3 and later (Kafka protocol guide), in one buffer of its exact size. @param now Unix ms. */
export function encodeProduce({ acks, timeout, producerEpoch = 0, topicData }: ProduceOptions, now: number): Encoded {
  const topics = topicData.map(({ topic, partitions }) => ({ topic, batches: partitions.map(measured) }));
  const size = topics.reduce((sum, { topic, batches }) => {
    const ofBatches = batches.reduce((bytes, batch) => bytes + 8 + batch.size, 0);
    return sum + 2 + Buffer.byteLength(topic) + 4 + ofBatches;
  }, 12);
  const writer = new ByteWriter(Buffer.allocUnsafe(size));
  writer.int16(-1);
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topics.length);
  for (const { topic, batches } of topics) {
    writer.string(topic);
    writer.int32(batches.length);
    for (const batch of batches) {
      writer.int32(batch.partition);
      writer.int32(batch.size);
      writeBatch(writer, batch, { now, producerEpoch });
    }
  }
  return { buf: writer.buffer, buffer: writer.buffer };
}

/** A partition's records with the sizes that stand before them. */
interface Batch extends PartitionRecords {
  bodySizes: number[];
  size: number;
}

function measured(records: PartitionRecords): Batch {
  const bodySizes = records.messages.map(bodySizeOf);
  const size = bodySizes.reduce((sum, bodySize) => sum + sizeOfVarint(bodySize) + bodySize, batchHeaderLength);
  return { ...records, bodySizes, size };
}

/** RecordBatch, magic 2. */
function writeBatch(writer: ByteWriter, batch: Batch, given: { now: number; producerEpoch: number }): void {
  const start = writer.at;
  writer.int64(0);
  writer.int32(batch.size - 12);
  writer.int32(0);
  writer.int8(2);
  writer.at = start + checksumEnd;
  writer.int16(0);
  writer.int32(batch.messages.length - 1);
  writer.int64(given.now);
  writer.int64(given.now);
  writer.int64(-1);
  writer.int16(given.producerEpoch);
  writer.int32(batch.firstSequence ?? 0);
  writer.int32(batch.messages.length);
  batch.messages.forEach((record, index) => writeRecord(writer, record, index, batch.bodySizes[index]!));
  const checksum = crc32c(writer.buffer.subarray(start + checksumEnd, writer.at));
  writer.buffer.writeUInt32BE(checksum, start + checksumEnd - 4);
}

function writeRecord(
  writer: ByteWriter,
  { key, value, headers }: ProducedRecord,
  offsetDelta: number,
  bodySize: number,
): void {
  const pairs = headerPairs(headers);
  writer.varint(bodySize);
  writer.int8(0);
  writer.varint(0);
  writer.varint(offsetDelta);
  writer.varBytes(key);
  writer.varBytes(value);
  writer.varint(pairs.length);
  for (const [name, bytes] of pairs) {
    writer.varBytes(name);
    writer.varBytes(bytes);
  }
}

function bodySizeOf({ key, value, headers }: ProducedRecord, offsetDelta: number): number {
  const pairs = headerPairs(headers);
  const ofPairs = pairs.reduce(
    (sum, [name, bytes]) => sum + sizeOfVarBytes(name) + sizeOfVarBytes(bytes),
    sizeOfVarint(pairs.length),
  );
  return 2 + sizeOfVarint(offsetDelta) + sizeOfVarBytes(key) + sizeOfVarBytes(value) + ofPairs;
}

function headerPairs(headers: ProducedRecord['headers'] = {}): [name: string, bytes: Bytes][] {
  const pairs: [string, Bytes][] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (Array.isArray(value)) for (const each of value) pairs.push([name, each]);
    else pairs.push([name, value]);
  }
  return pairs;
}
