import { describe, expect, it, jest } from '@jest/globals';
import type { Producer, ProducerBatch } from 'kafkajs';
import { KafkaEventProducer } from './kafka-event.producer.js';
import type { KafkaRecord } from './kafka-record.js';
import { silentLog } from './log-event.js';
import { until } from './spec-events.js';

const record = (key: string, bytes = 100): KafkaRecord => ({ topic: 't', message: { key, value: 'v' }, bytes });
const keysOf = (batch: ProducerBatch): unknown[] =>
  batch.topicMessages!.flatMap(({ messages }) => messages.map(({ key }) => key));
const outage = Object.assign(new Error('broker away'), { name: 'KafkaJSNonRetriableError', retriable: false });
const tooLarge = Object.assign(new Error('refused'), {
  cause: Object.assign(new Error(), { type: 'MESSAGE_TOO_LARGE' }),
});

function setUp(answer: (batch: ProducerBatch) => Promise<void> = async () => undefined, deadlineMs = 5_000) {
  const requests: unknown[][] = [];
  const kafkaProducer = {
    connect: jest.fn(async () => undefined),
    disconnect: jest.fn(async () => undefined),
    sendBatch: async (batch: ProducerBatch) => {
      requests.push(keysOf(batch));
      await answer(batch);
      return [];
    },
  };
  const producer = new KafkaEventProducer(kafkaProducer as unknown as Producer, deadlineMs, silentLog);
  return { producer, requests, kafkaProducer };
}

describe('the producer', () => {
  it('keeps every request below the limit of the broker, in order', async () => {
    const { producer, requests } = setUp();
    await producer.send(['a', 'b', 'c', 'd'].map((key) => record(key, 400_000)));
    await producer.send([record('large', 1_900_000), record('small')]);
    expect(requests).toEqual([['a', 'b'], ['c', 'd'], ['large'], ['small']]);
  });

  it('sends what is asked for in one turn in one request', async () => {
    const { producer, requests } = setUp();
    await Promise.all(['a', 'b', 'c'].map((key) => producer.send([record(key)])));
    expect(requests).toEqual([['a', 'b', 'c']]);
  });

  it('waits through an outage, and says so meanwhile', async () => {
    let away = true;
    const { producer, requests } = setUp(async () => {
      if (away) throw outage;
    });
    const sent = Promise.all([producer.send([record('a')]), producer.send([record('b')])]);
    await until(() => requests.length > 2);
    expect(producer.healthy).toBe(false);
    away = false;
    await sent;
    expect(requests.at(-1)).toEqual(['a', 'b']);
    expect(producer.healthy).toBe(true);
  });

  it('gives up an outage at the deadline', async () => {
    const { producer } = setUp(() => Promise.reject(outage), 60);
    await expect(producer.send([record('a')])).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'event_bus_unavailable',
    });
  });

  it('rejects only the caller whose record the broker refuses', async () => {
    const { producer } = setUp(async (batch) => {
      if (keysOf(batch).includes('bad')) throw tooLarge;
    });
    const results = await Promise.allSettled(['first', 'a', 'bad', 'b'].map((key) => producer.send([record(key)])));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(results[2]).toMatchObject({ reason: { kind: 'invalid', code: 'event_too_large' } });
  });

  it('on close sends what was asked for, does not wait for a broker that is away, and takes nothing more', async () => {
    const { producer, kafkaProducer } = setUp(() => Promise.reject(outage));
    const sent = Promise.allSettled([producer.send([record('a')])]);
    await producer.close();
    expect(await sent).toMatchObject([{ reason: { kind: 'unavailable' } }]);
    expect(kafkaProducer.disconnect).toHaveBeenCalled();
    await expect(producer.send([record('b')])).rejects.toMatchObject({ code: 'event_bus_closed' });
  });
});
