import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Consumer } from 'kafkajs';
import { topics } from '#libs/contracts';
import { within } from './within.js';

const joinTimeoutMs = 5_000;
const disconnectTimeoutMs = 1_000;

/**
 * Answers when a consumer can join a group: a new broker answers metadata some time before its group coordinator works.
 * The topics must exist. Reads nothing and commits nothing.
 */
export async function probeGroupJoin(broker: string): Promise<void> {
  // A group of its own: in a shared one a join waits for members that were killed.
  const groupId = `latchkey.stack-probe.${randomUUID()}`;
  const kafka = new Kafka({
    brokers: [broker],
    clientId: 'latchkey-stack-probe',
    logLevel: logLevel.NOTHING,
    requestTimeout: joinTimeoutMs,
    retry: { initialRetryTime: 50, maxRetryTime: 250, retries: 20 },
  });
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 50 });
  try {
    await within(joinTimeoutMs, join(consumer));
  } finally {
    await within(disconnectTimeoutMs, consumer.disconnect()).catch(() => undefined);
  }
}

async function join(consumer: Consumer): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topic: topics.callEnded });
  const joined = new Promise<void>((resolve, reject) => {
    consumer.on('consumer.group_join', () => resolve());
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
  });
  await Promise.all([joined, consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() })]);
}
