import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecord } from './kafka-record-encoder.js';

const require = createRequire(import.meta.url);
const encodeByKafkajs = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (
  record: Parameters<typeof encodeRecord>[0],
) => { buffer: Buffer };

const bytes = fc.option(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  ),
);
const header = fc.oneof(
  fc.string(),
  fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)),
);

describe('the lean encoder of records', () => {
  it('writes the very bytes that kafkajs writes, for any key, value, headers and deltas', () => {
    fc.assert(
      fc.property(
        fc.record({
          offsetDelta: fc.nat({ max: 1_000_000 }),
          timestampDelta: fc.integer({ min: -1_000_000, max: 1_000_000 }),
          key: bytes,
          value: bytes,
          headers: fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(header, fc.array(header, { maxLength: 3 }))),
        }),
        (record) => {
          expect(encodeRecord(record).buffer.equals(encodeByKafkajs(record).buffer)).toBe(true);
        },
      ),
    );
  });
});
