import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventBus, IncomingEvent, OutgoingEvent, Subscription } from '#libs/messaging';

/** What has come to a subscription. */
export interface Collector {
  events: IncomingEvent[];
  sliceLengths: number[];
  /** Settles when the subscription flows. */
  ready: Promise<void>;
  /** Resolves when this many different events have come. */
  count(expected: number): Promise<void>;
}

type CollectorOptions = Partial<Subscription> & { before?: () => void };

/** Subscribes and collects; `before` runs first for every slice and may throw. */
export function collector(
  bus: EventBus,
  topic: string,
  group: string,
  { before, ...limits }: CollectorOptions = {},
): Collector {
  const events: IncomingEvent[] = [];
  const sliceLengths: number[] = [];
  const onSlice = async (slice: readonly IncomingEvent[]): Promise<void> => {
    before?.();
    sliceLengths.push(slice.length);
    events.push(...slice);
  };
  const ready = bus.subscribe({ topics: [topic], group: groupOf(topic, group), onSlice, ...limits });
  const different = (): number => new Set(events.map(({ partition, offset }) => `${partition}/${offset}`)).size;
  const count = async (expected: number): Promise<void> => {
    await ready;
    await until(() => different() >= expected);
  };
  return { events, sliceLengths, ready, count };
}

/** A new event with a random id. */
export function event(topic: string, key: string, value: string): OutgoingEvent {
  return { topic, key, id: randomUUID(), type: topic, value: Buffer.from(value), time: new Date().toISOString() };
}

/** Groups outlive a test on a real broker. */
export const groupOf = (topic: string, name: string): string => `${name}-${topic}`;

/** Its `ce_id`. */
export const idOf = ({ headers }: IncomingEvent): string => headers['ce_id'] ?? '';

/** The numbers without those that a redelivery repeated. */
export const firstTimes = (numbers: readonly number[]): number[] => [...new Set(numbers)];

/** Resolves when the condition holds; rejects after `timeoutMs` milliseconds. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('what the test waits for did not happen in time');
    await delay(5);
  }
}
