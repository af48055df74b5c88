import { randomUUID } from 'node:crypto';
import { MemoryAttemptCounter, RedisAttemptCounter } from '#apps/config-api';
import { realStack } from '../support/real-stack.js';
import { describeAttemptCounterContract } from './attempt-counter.contract.js';

describeAttemptCounterContract('MemoryAttemptCounter', async () => new MemoryAttemptCounter());

describeAttemptCounterContract('RedisAttemptCounter', async () => {
  const { redisUrl: url } = realStack();
  const counter = new RedisAttemptCounter({ url, keyPrefix: `spec:${randomUUID()}`, log: () => undefined });
  // The connection comes up in the background.
  while ((await counter.status()).reason !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  return counter;
});
