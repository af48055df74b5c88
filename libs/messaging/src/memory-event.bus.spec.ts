import { describe, expect, it } from '@jest/globals';
import { MemoryBroker } from './memory-broker.js';
import { MemoryEventBus } from './memory-event.bus.js';
import { collect, newEvent, until } from './spec-events.js';

describe('the bus in memory', () => {
  it('refuses new events when the slowest group is too far behind, and never forwarded ones', async () => {
    const broker = new MemoryBroker({ partitionCount: 1, unreadEventsMax: 10 });
    const bus = new MemoryEventBus({ broker, drainTimeoutMs: 10 });
    await bus.subscribe({ topics: ['t'], group: 'stuck', onSlice: () => new Promise(() => undefined) });
    const event = newEvent('t', 'k', 1);
    for (let n = 0; n < 10; n += 1) await bus.publish([event]);
    await expect(bus.publish([event])).rejects.toMatchObject({ kind: 'unavailable', code: 'event_bus_full' });
    await bus.publish([{ topic: 't', original: { key: 'k', value: null, headers: {} }, headers: {} }]);
    await bus.close();
  });

  it('forgets events that nobody has left to read, all but the latest', async () => {
    const broker = new MemoryBroker({ partitionCount: 1, readEventsMax: 5 });
    const bus = new MemoryEventBus({ broker });
    const early = collect(bus, 't');
    await bus.publish(Array.from({ length: 100 }, (_, n) => newEvent('t', 'k', n)));
    await until(() => early.length === 100);
    const late = collect(bus, 't');
    await until(() => late.length === 5);
    expect(late.map(({ offset }) => offset)).toEqual(['95', '96', '97', '98', '99']);
  });

  it('keeps every event that a group has yet to finish', async () => {
    const broker = new MemoryBroker({ partitionCount: 1, readEventsMax: 0 });
    const bus = new MemoryEventBus({ broker });
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    let inHand = 0;
    let received = 0;
    const onSlice = async (slice: readonly unknown[]): Promise<void> => {
      inHand += slice.length;
      await opened;
      received += slice.length;
    };
    await bus.subscribe({ topics: ['t'], group: 'slow', sliceEventsMax: 3, onSlice });
    await bus.publish(Array.from({ length: 100 }, (_, n) => newEvent('t', 'k', n)));
    await until(() => inHand === 3);
    const drained = bus.drain();
    open();
    await drained;
    expect(received).toBe(3);
    const rest = new MemoryEventBus({ broker });
    await rest.subscribe({ topics: ['t'], group: 'slow', onSlice });
    await until(() => received === 100);
  });

  it('gives up waiting for a handler that hangs when it drains', async () => {
    const bus = new MemoryEventBus({ drainTimeoutMs: 20 });
    await bus.subscribe({ topics: ['t'], group: 'g', onSlice: () => new Promise(() => undefined) });
    await bus.publish([newEvent('t', 'k', 1)]);
    const startedAt = Date.now();
    await bus.drain();
    expect(Date.now() - startedAt).toBeLessThan(500);
  });
});
