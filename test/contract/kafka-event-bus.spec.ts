import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { deadLetterTopicOf } from '#libs/contracts';
import { deliver, ensureTopics, KafkaEventBus, type IncomingEvent } from '#libs/messaging';
import { z } from 'zod';
import { event as newEvent, until } from './event-bus.collector.js';

const kafkaBrokers = process.env['KAFKA_BROKERS'];

jest.setTimeout(60_000);

describe('the event bus on Apache Kafka', () => {
  const topicPrefix = `kafka-bus-${randomUUID().slice(0, 8)}.`;
  let brokers: string[];
  let buses: KafkaEventBus[] = [];
  const topic = 'events.v1';
  const other = 'others.v1';

  const connect = (options: { drainTimeoutMs?: number; publishDeadlineMs?: number } = {}): KafkaEventBus => {
    const bus = new KafkaEventBus({ brokers, clientId: 'kafka-bus', source: 'test', topicPrefix, ...options });
    buses.push(bus);
    return bus;
  };
  const collect = async (bus: KafkaEventBus, from: string, group: string): Promise<IncomingEvent[]> => {
    const events: IncomingEvent[] = [];
    const onSlice = async (slice: readonly IncomingEvent[]): Promise<void> => void events.push(...slice);
    await bus.subscribe({ topics: [from], group: topicPrefix + group, onSlice });
    return events;
  };

  beforeAll(async () => {
    if (!kafkaBrokers) throw new Error('KAFKA_BROKERS is not set: start the real servers with `npm run stack:up`');
    brokers = kafkaBrokers.split(',');
    const names = [topic, deadLetterTopicOf(topic), other];
    await Promise.all([1, 2].map(() => ensureTopics(names, { brokers, topicPrefix, partitions: 4 })));
    await ensureTopics(names, { brokers, topicPrefix, partitions: 4 });
  });
  afterEach(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    buses = [];
  });

  it('commits what is finished while the handler of another partition is still busy', async () => {
    const stuck = connect({ drainTimeoutMs: 200 });
    const handled = new Map<number, number>();
    await stuck.subscribe({
      topics: [topic],
      group: `${topicPrefix}commits`,
      onSlice: async (slice) => {
        const { partition } = slice[0]!;
        if (partition === 0) await new Promise(() => undefined);
        handled.set(partition, (handled.get(partition) ?? 0) + slice.length);
      },
    });
    const events = Array.from({ length: 200 }, (_, n) => newEvent(topic, `key-${n}`, '{}'));
    await stuck.publish(events);
    await until(() => handled.size === 3);
    await delay(1_500);
    const next = await collect(connect(), topic, 'commits');
    await stuck.drain();
    const finished = [...handled.values()].reduce((sum, count) => sum + count, 0);
    await until(() => next.length >= events.length - finished);
    await delay(500);
    expect(new Set(next.map(({ partition }) => partition))).toEqual(new Set([0]));
    expect(next).toHaveLength(events.length - finished);
  });

  it('loses nothing while members of a group come and go, and repeats little', async () => {
    const sent = new Set<string>();
    const seen = new Map<string, number>();
    const onSlice = async (slice: readonly IncomingEvent[]): Promise<void> => {
      await delay(20);
      for (const { headers } of slice) seen.set(headers['ce_id']!, (seen.get(headers['ce_id']!) ?? 0) + 1);
    };
    const join = async (): Promise<KafkaEventBus> => {
      const bus = connect();
      await bus.subscribe({ topics: [other], group: `${topicPrefix}coming`, sliceEventsMax: 20, onSlice });
      return bus;
    };
    const publisher = connect();
    const publishing = new AbortController();
    const stream = (async () => {
      while (!publishing.signal.aborted) {
        const events = Array.from({ length: 20 }, (_, n) => newEvent(other, `key-${n}`, '{}'));
        await publisher.publish(events);
        for (const { id } of events) sent.add(id);
        await delay(10);
      }
    })();
    await join();
    const second = await join();
    await delay(1_500);
    const third = await join();
    await delay(1_500);
    await Promise.all([second.close(), third.close()]);
    await delay(1_000);
    publishing.abort();
    await stream;
    await until(() => [...sent].every((id) => seen.has(id)));
    const repeated = [...seen.values()].filter((count) => count > 1).length;
    console.log(`members came and went: ${sent.size} events, ${repeated} delivered more than once`);
    expect(repeated).toBeLessThan(sent.size / 4);
  });

  it('keeps an event of the largest size that the broker takes in the dead letters, with its reason', async () => {
    const bus = connect();
    const onSlice = deliver(bus, { topic, schema: z.unknown() }, async () => []);
    const dead = await collect(bus, deadLetterTopicOf(topic), 'dead');
    const value = Buffer.alloc(1_048_400, 'x');
    await bus.publish([{ topic, original: { key: 'large', value, headers: {} }, headers: {} }]);
    await bus.subscribe({ topics: [topic], group: `${topicPrefix}large`, onSlice });
    const isLarge = (event: IncomingEvent): boolean => event.key === 'large';
    await until(() => dead.some(isLarge));
    expect(dead.find(isLarge)!.headers['latchkey-error-code']).toBe('invalid_event');
    expect(dead.find(isLarge)!.value!.equals(value)).toBe(true);
  });

  it('refuses a topic that does not exist, and makes none', async () => {
    const bus = connect();
    const refused = bus.publish([newEvent('nobody.made.this', 'k', '{}')]);
    await Promise.all([
      expect(refused).rejects.toMatchObject({ kind: 'unavailable', code: 'event_topic_unknown' }),
      bus.publish([newEvent(topic, 'k', '{}')]),
    ]);
    await expect(bus.publish([newEvent('nobody.made.this', 'k', '{}')])).rejects.toThrow('event topic unknown');
  });

  it('says in time that there is no broker', async () => {
    const bus = new KafkaEventBus({ brokers: ['127.0.0.1:1'], clientId: 'x', source: 'x', publishDeadlineMs: 500 });
    buses.push(bus);
    const subscribed = bus.subscribe({ topics: [topic], group: 'g', onSlice: async () => undefined });
    await expect(bus.publish([newEvent(topic, 'k', '{}')])).rejects.toMatchObject({ code: 'event_bus_unavailable' });
    expect(bus.status().healthy).toBe(false);
    await bus.close();
    await subscribed;
  });

  it('hands an event over within 20 ms at 200 events a second', async () => {
    const bus = connect();
    const latencies: number[] = [];
    const sentAt = new Map<string, number>();
    await bus.subscribe({
      topics: [topic],
      group: `${topicPrefix}latency`,
      onSlice: async (slice) => {
        for (const { headers } of slice) {
          const at = sentAt.get(headers['ce_id']!);
          if (at !== undefined) latencies.push(performance.now() - at);
        }
      },
    });
    const publishing: Promise<void>[] = [];
    const startedAt = performance.now();
    for (let n = 0; n < 800; n += 1) {
      const next = newEvent(topic, `key-${n}`, '{}');
      sentAt.set(next.id, performance.now());
      publishing.push(bus.publish([next]));
      await delay(Math.max(0, startedAt + n * 5 - performance.now()));
    }
    await Promise.all(publishing);
    await until(() => latencies.length === 800);
    const sorted = latencies.slice(200).sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((share) => sorted[Math.floor(sorted.length * share)]!);
    console.log(`one hop at 200/s: p50 ${p50!.toFixed(1)} ms, p99 ${p99!.toFixed(1)} ms`);
    expect(p50).toBeLessThan(20);
  });
});
