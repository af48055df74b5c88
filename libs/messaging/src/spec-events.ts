import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventBus } from './event-bus.port.js';
import type { IncomingEvent, OutgoingEvent } from './event.js';

/** A new event with `value` as JSON. */
export function newEvent(topic: string, key: string, value: unknown): OutgoingEvent {
  const json = Buffer.from(JSON.stringify(value));
  return { topic, key, id: randomUUID(), type: topic, value: json, time: new Date().toISOString() };
}

/** What comes to a topic, in an array that grows. */
export function collect(bus: EventBus, topic: string): IncomingEvent[] {
  const events: IncomingEvent[] = [];
  const onSlice = async (slice: readonly IncomingEvent[]): Promise<void> => void events.push(...slice);
  void bus.subscribe({ topics: [topic], group: randomUUID(), onSlice });
  return events;
}

/** Resolves when the condition holds; rejects after 5 seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 2_500) throw new Error('what the test waits for did not happen in time');
    await delay(2);
  }
}
