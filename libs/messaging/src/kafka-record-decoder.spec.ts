import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRecord } from './kafka-record-decoder.js';

const require = createRequire(import.meta.url);
const encodeByKafkajs = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => {
  buffer: Buffer;
};
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => {
  buffer: Buffer;
  offset: number;
  readVarIntBytes(): Buffer;
};
const decodeByKafkajs = require('kafkajs/src/protocol/recordBatch/record/v0/decoder.js') as typeof decodeRecord;

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)));
const header = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));
const nameOfObjects = fc.constantFrom('constructor', 'toString', '__proto__');
const headers = fc.dictionary(
  fc.string({ minLength: 1 }).filter((name) => !(name in {})),
  fc.oneof(header, fc.array(header, { minLength: 2, maxLength: 3 })),
);

/** The bytes of a record without its length, as kafkajs hands them over. */
function recordBytes(record: object): Buffer {
  return new Decoder(encodeByKafkajs(record).buffer).readVarIntBytes();
}

describe('the lean decoder of records', () => {
  it('reads what kafkajs reads, for any key, value, headers, time and offset', () => {
    fc.assert(
      fc.property(
        fc.record({
          offsetDelta: fc.nat({ max: 1_000_000 }),
          timestampDelta: fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
          key: bytes,
          value: bytes,
          headers,
        }),
        fc.record({
          firstOffset: fc.nat({ max: 2 ** 45 }).map(String),
          firstTimestamp: fc.nat({ max: 2 ** 45 }).map(String),
          maxTimestamp: fc.nat({ max: 2 ** 45 }).map(String),
          magicByte: fc.constant(2),
          isControlBatch: fc.boolean(),
          timestampType: fc.constantFrom(0, 1),
        }),
        (record, context) => {
          const encoded = recordBytes(record);
          expect(decodeRecord(new Decoder(encoded), context)).toEqual(decodeByKafkajs(new Decoder(encoded), context));
        },
      ),
    );
  });

  it('reads headers with the names of what every object has', () => {
    fc.assert(
      fc.property(nameOfObjects, header, (name, value) => {
        const encoded = recordBytes({ key: null, value: null, headers: { [name]: value, own: value } });
        const decoded = decodeRecord(new Decoder(encoded), { firstOffset: '0', firstTimestamp: '0' });
        expect(decoded.headers.own).toEqual(value);
        expect(Object.entries(decoded.headers)).toContainEqual([name, value]);
        expect(Object.values(decoded.headers).every((each) => Buffer.isBuffer(each))).toBe(true);
      }),
    );
  });

  it('ends with a record that is cut off', () => {
    const encoded = recordBytes({ key: Buffer.from('key'), value: Buffer.from('value'), headers: { a: 'b' } });
    for (let length = 1; length < encoded.length; length += 1) {
      expect(() =>
        decodeRecord(new Decoder(encoded.subarray(0, length)), { firstOffset: '0', firstTimestamp: '0' }),
      ).not.toThrow();
    }
  });
});
