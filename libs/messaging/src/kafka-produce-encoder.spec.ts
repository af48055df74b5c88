import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { encodeProduce, type ProduceOptions } from './kafka-produce-encoder.js';

const require = createRequire(import.meta.url);
const requestOfKafkajs = require('kafkajs/src/protocol/requests/produce/v3/request.js') as (
  options: ProduceOptions,
) => { encode: () => Promise<{ buffer: Buffer }> };

const buffer = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const bytes = fc.option(fc.oneof(fc.string({ unit: 'binary' }), buffer(300)));
const header = fc.oneof(fc.string(), buffer(80));
const record = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(header, fc.array(header, { maxLength: 3 }))),
});
const partition = fc.record({
  partition: fc.nat({ max: 1_000 }),
  firstSequence: fc.nat({ max: 1_000_000 }),
  messages: fc.array(record, { minLength: 1, maxLength: 70 }),
});
const topic = fc.record({
  topic: fc.string({ minLength: 1, unit: 'grapheme' }),
  partitions: fc.array(partition, { minLength: 1, maxLength: 3 }),
});

describe('the lean encoder of produce requests', () => {
  beforeEach(() => void jest.useFakeTimers({ now: new Date('2026-11-02T09:30:00.123Z') }));
  afterEach(() => void jest.useRealTimers());

  it('writes the very bytes that kafkajs writes, for any topics, partitions and records', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(topic, { maxLength: 3 }), fc.constantFrom(-1, 0, 1), async (topicData, acks) => {
        const options = { acks, timeout: 10_000, topicData };
        const expected = await requestOfKafkajs(options).encode();
        expect(encodeProduce(options, Date.now()).buffer.equals(expected.buffer)).toBe(true);
      }),
    );
  });
});
