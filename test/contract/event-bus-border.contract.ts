import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { collector, event, groupOf, idOf, until } from './event-bus.collector.js';
import type { EventBusConnection } from './event-bus.connection.js';

/** Stuck subscribers, garbage, oversized events, and the end of a bus. */
export function registerBorder({ connect, newTopic }: EventBusConnection): void {
  it('publishes while every subscriber is stuck', async () => {
    const topic = await newTopic();
    const bus = connect();
    let release = (): void => undefined;
    await bus.subscribe({
      topics: [topic],
      group: groupOf(topic, 'stuck'),
      onSlice: () => new Promise<void>((resolve) => (release = resolve)),
    });
    const published = Array.from({ length: 20 }, (_, n) => bus.publish([event(topic, 'k', `${n}`)]));
    expect(await Promise.race([Promise.all(published), delay(5_000, 'too late', { ref: false })])).toHaveLength(20);
    const releasing = setInterval(() => release(), 5);
    await bus.drain().finally(() => clearInterval(releasing));
  });

  it('delivers null values, missing keys and garbage headers, and what follows them', async () => {
    const topic = await newTopic();
    const bus = connect();
    const received = collector(bus, topic, 'garbage');
    const garbage = { ce_id: '\u0000\uffff', '': 'no name', ['x'.repeat(500)]: 'y'.repeat(5000), __proto__x: '1' };
    const bytes = Buffer.from([0xff, 0xfe, 0x00]);
    await bus.publish([
      { topic, original: { key: null, value: null, headers: {} }, headers: {} },
      { topic, original: { key: 'g', value: Buffer.alloc(0), headers: garbage }, headers: { added: 'yes' } },
      {
        topic,
        original: { key: '', value: bytes, headers: {}, raw: { key: bytes, headers: { b: bytes } } },
        headers: {},
      },
      event(topic, 'after', 'fine'),
    ]);
    await received.count(4);
    expect(received.events.find(({ value }) => value === null)).toMatchObject({ key: null, headers: {} });
    expect(received.events.find(({ key }) => key === 'g')!.headers).toMatchObject({ ...garbage, added: 'yes' });
    const binary = received.events.find(({ raw }) => raw?.key?.equals(bytes));
    expect(binary!.value).toEqual(bytes);
    expect(binary!.raw!.headers['b']).toEqual(bytes);
    expect(received.events.find(({ key }) => key === 'after')).toBeDefined();
  });

  it('refuses an event that no broker would take, and storing it spoils nothing else', async () => {
    const topic = await newTopic();
    const bus = connect();
    const received = collector(bus, topic, 'large');
    const large = event(topic, 'k', 'x'.repeat(1_100_000));
    const refused = bus.publish([event(topic, 'k', 'beside'), large]);
    const neighbour = bus.publish([event(topic, 'k', 'neighbour')]);
    await expect(refused).rejects.toMatchObject({ kind: 'invalid', code: 'event_too_large' });
    await neighbour;
    await received.count(1);
    expect(received.events.map(({ value }) => String(value))).toEqual(['neighbour']);
  });

  it('finishes what is in hand when it drains, and another member of the group goes on without loss', async () => {
    const topic = await newTopic();
    const first = connect();
    const finished: string[] = [];
    let inHand = 0;
    await first.subscribe({
      topics: [topic],
      group: groupOf(topic, 'handover'),
      sliceEventsMax: 10,
      onSlice: async (slice) => {
        inHand += 1;
        await delay(50);
        finished.push(...slice.map(idOf));
        inHand -= 1;
      },
    });
    const events = Array.from({ length: 400 }, (_, n) => event(topic, `key-${n}`, 'x'));
    await first.publish(events);
    await until(() => finished.length > 20);
    await first.drain();
    expect(inHand).toBe(0);
    const byFirst = new Set(finished);
    expect(byFirst.size).toBeLessThan(400);
    await first.publish([event(topic, 'k', 'published by a drained bus')]);

    const second = collector(connect(), topic, 'handover');
    await second.count(401 - byFirst.size);
    const bySecond = new Set(second.events.map(idOf));
    expect(events.every(({ id }) => byFirst.has(id) || bySecond.has(id))).toBe(true);
    expect([...bySecond].filter((id) => byFirst.has(id)).length).toBe(0);
  });

  it('tells a handler that only waits when the bus drains, and delivers its slice again elsewhere', async () => {
    const topic = await newTopic();
    const first = connect();
    let waiting = false;
    await first.subscribe({
      topics: [topic],
      group: groupOf(topic, 'abort'),
      onSlice: async (_, signal) => {
        waiting = true;
        await delay(60_000, undefined, { signal });
      },
    });
    await first.publish([event(topic, 'k', 'x')]);
    await until(() => waiting);
    const startedAt = Date.now();
    await first.drain();
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    await collector(connect(), topic, 'abort').count(1);
  });

  it('refuses to publish after close, closes twice, and says so in its status', async () => {
    const bus = connect();
    expect(bus.status()).toEqual({ healthy: true });
    await bus.close();
    await bus.close();
    expect(bus.status()).toMatchObject({ healthy: false });
    await expect(bus.publish([event('any', 'k', 'x')])).rejects.toMatchObject({
      name: 'AppError',
      kind: 'unavailable',
      code: 'event_bus_closed',
    });
  });
}
