import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ensureTopics, KafkaEventBus, MemoryBroker, MemoryEventBus } from '#libs/messaging';
import { describeEventBus } from './event-bus.contract.js';

const kafkaBrokers = process.env['KAFKA_BROKERS'];

jest.setTimeout(60_000);

describeEventBus('memory', async () => {
  const broker = new MemoryBroker({ readEventsMax: 10_000 });
  return {
    connect: () => new MemoryEventBus({ broker, source: 'contract' }),
    createTopics: async () => undefined,
    dispose: async () => undefined,
  };
});

describeEventBus('Apache Kafka', async () => {
  if (!kafkaBrokers) throw new Error('KAFKA_BROKERS is not set: start the real servers with `npm run stack:up`');
  const brokers = kafkaBrokers.split(',');
  const topicPrefix = `contract-${randomUUID().slice(0, 8)}.`;
  return {
    connect: () => new KafkaEventBus({ brokers, clientId: 'contract', source: 'contract', topicPrefix }),
    createTopics: (topics) => ensureTopics(topics, { brokers, topicPrefix, partitions: 4 }),
    dispose: async () => undefined,
  };
});
