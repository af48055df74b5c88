import { describe, expect, it } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import { fromMessage } from './kafka-record.js';

const message = (timestamp: string): KafkaMessage => ({
  key: null,
  value: null,
  timestamp,
  offset: '0',
  headers: {},
  attributes: 0,
});

describe('the time of a message', () => {
  it('is the producer’s, and now where that is no time at all', () => {
    expect(fromMessage(message('1795500000000'), 'topic', 0).storedAt).toBe('2026-11-24T06:00:00.000Z');
    const before = Date.now();
    const { storedAt } = fromMessage(message('-10000000000000000'), 'topic', 0);
    expect(Date.parse(storedAt)).toBeGreaterThanOrEqual(before);
  });
});
