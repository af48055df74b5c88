import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { collector, event, firstTimes, groupOf, idOf, until } from './event-bus.collector.js';
import type { EventBusConnection } from './event-bus.connection.js';

/** Order, sharing, slices and partitions: how events flow while nothing ends. */
export function registerFlow({ connect, newTopic }: EventBusConnection): void {
  it('delivers the events of one key in the order in which they were published', async () => {
    const topic = await newTopic();
    const bus = connect();
    const received = collector(bus, topic, 'order');
    await received.ready;
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (let round = 0; round < 30; round += 1) await bus.publish(keys.map((key) => event(topic, key, `${round}`)));
    await received.count(30 * keys.length);
    for (const key of keys) {
      const rounds = received.events.filter((each) => each.key === key).map((each) => Number(String(each.value)));
      expect(firstTimes(rounds)).toEqual(Array.from({ length: 30 }, (_, round) => round));
    }
  });

  it('delivers every event to every group, also to one that comes later', async () => {
    const topic = await newTopic();
    const bus = connect();
    const early = collector(bus, topic, 'early');
    await early.ready;
    const events = Array.from({ length: 500 }, (_, n) => event(topic, `key-${n}`, `${n}`));
    await bus.publish(events);
    const late = collector(connect(), topic, 'late');
    await Promise.all([early.count(500), late.count(500)]);
    for (const { events: got } of [early, late]) {
      expect(new Set(got.map(idOf))).toEqual(new Set(events.map(({ id }) => id)));
    }
  });

  it('carries id, type, source, time, content type, extra headers, key and value', async () => {
    const topic = await newTopic();
    const bus = connect();
    const received = collector(bus, topic, 'headers');
    await bus.publish([{ ...event(topic, 'schlüssel', '{"ä":1}'), headers: { traceparent: '00-ab-cd-01' } }]);
    await received.count(1);
    const [got] = received.events;
    expect(got).toMatchObject({ topic, key: 'schlüssel' });
    expect(String(got!.value)).toBe('{"ä":1}');
    expect(got!.headers).toMatchObject({ ce_specversion: '1.0', ce_type: topic, traceparent: '00-ab-cd-01' });
    expect(got!.headers).toMatchObject({ 'content-type': 'application/json', ce_source: expect.any(String) });
    expect(Date.parse(got!.headers['ce_time']!)).not.toBeNaN();
  });

  it('shares the events of a group among its members', async () => {
    const topic = await newTopic();
    const one = collector(connect(), topic, 'shared');
    const two = collector(connect(), topic, 'shared');
    await Promise.all([one.ready, two.ready]);
    const publisher = connect();
    const sent = new Set<string>();
    await until(async () => {
      const events = Array.from({ length: 40 }, (_, n) => event(topic, `key-${n}`, 'x'));
      await publisher.publish(events);
      for (const { id } of events) sent.add(id);
      await delay(100);
      return one.events.length > 0 && two.events.length > 0;
    });
    const received = (): Set<string> => new Set([...one.events, ...two.events].map(idOf));
    await until(() => received().size >= sent.size);
    expect(received()).toEqual(sent);
  });

  it('delivers a slice whose handler failed again, before later ones of its partition', async () => {
    const topic = await newTopic();
    const bus = connect();
    let failures = 0;
    const received = collector(bus, topic, 'again', {
      sliceEventsMax: 5,
      before: () => {
        if (++failures <= 2) throw new Error('planted');
      },
    });
    await bus.publish(Array.from({ length: 20 }, (_, n) => event(topic, 'one key', `${n}`)));
    await received.count(20);
    expect(failures).toBeGreaterThanOrEqual(6);
    expect(firstTimes(received.events.map(({ value }) => Number(String(value))))).toEqual([...Array(20).keys()]);
  });

  it('cuts slices by count and by bytes', async () => {
    const topic = await newTopic();
    const bus = connect();
    await bus.publish(Array.from({ length: 100 }, () => event(topic, 'k', 'x'.repeat(1000))));
    const byCount = collector(bus, topic, 'by-count', { sliceEventsMax: 7 });
    const byBytes = collector(bus, topic, 'by-bytes', { sliceBytesMax: 10_000 });
    await Promise.all([byCount.count(100), byBytes.count(100)]);
    expect(Math.max(...byCount.sliceLengths)).toBe(7);
    expect(Math.max(...byBytes.sliceLengths)).toBeLessThan(10);
    expect(Math.max(...byBytes.sliceLengths)).toBeGreaterThan(5);
  });

  it('drains a backlog of thousands whose answers together exceed the message limit of a broker', async () => {
    const topic = await newTopic();
    const answers = await newTopic();
    const bus = connect();
    const value = 'x'.repeat(300);
    await bus.publish(Array.from({ length: 6000 }, (_, n) => event(topic, `key-${n % 50}`, value)));
    const answered = collector(bus, answers, 'answers');
    await bus.subscribe({
      topics: [topic],
      group: groupOf(topic, 'backlog'),
      sliceEventsMax: 5000,
      sliceBytesMax: 4 * 1024 * 1024,
      onSlice: (slice) =>
        bus.publish(
          slice.map(({ key, headers }) => ({
            ...event(answers, key!, 'y'.repeat(3000)),
            id: `answer-${headers['ce_id']}`,
          })),
        ),
    });
    await answered.count(6000);
    expect(new Set(answered.events.map(idOf)).size).toBe(6000);
  });

  it('goes on with other partitions while the handler of one is slow', async () => {
    const topic = await newTopic();
    const bus = connect();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let blocked: number | undefined;
    const done = new Set<number>();
    await bus.subscribe({
      topics: [topic],
      group: groupOf(topic, 'slow'),
      onSlice: async ([first]) => {
        blocked ??= first!.partition;
        if (first!.partition === blocked) await held;
        done.add(first!.partition);
      },
    });
    await bus.publish(Array.from({ length: 100 }, (_, n) => event(topic, `key-${n}`, 'x')));
    await until(() => done.size === 3);
    expect(done.has(blocked!)).toBe(false);
    release();
    await until(() => done.size === 4);
  });
}
