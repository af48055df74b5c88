import type { IncomingEvent, PublishableEvent } from './event.js';

/**
 * Works on a slice: consecutive events of one partition.
 * Resolves when all of them are done and their offsets may be committed. Rejects for a bug or at shutdown: the same
 * slice is delivered again, before later ones of its partition. `signal` is aborted when the bus drains: what only
 * waits should give up then.
 */
export type SliceHandler = (slice: readonly IncomingEvent[], signal: AbortSignal) => Promise<void>;

/** What a group of consumers wants to receive. */
export interface Subscription {
  topics: string[];
  /** Every group gets every event, from the beginning of the topic; the members of a group share them. */
  group: string;
  onSlice: SliceHandler;
  /** Default 250. */
  sliceEventsMax?: number;
  /** Default 256 KiB; an event larger than that makes a slice of its own. */
  sliceBytesMax?: number;
}

export interface BusStatus {
  healthy: boolean;
  /** For people, when not healthy. */
  reason?: string;
}

/**
 * Publishes and delivers events: at least once, in order per key, slices of different partitions side by side.
 * Topic names are the ones in `contracts`.
 */
export abstract class EventBus {
  /**
   * Resolves when every replica has acknowledged every event. Waits through a broker outage for a bounded time, then
   * rejects with `unavailable` (`event_bus_unavailable`): any of the events may have been stored. Rejects with
   * `invalid` (`event_too_large`), storing nothing, when the broker would never take one of them.
   */
  abstract publish(events: readonly PublishableEvent[]): Promise<void>;
  /** Resolves when events flow to `onSlice`; keeps trying until the broker can be reached or the bus drains. */
  abstract subscribe(subscription: Subscription): Promise<void>;
  abstract status(): BusStatus;
  /** Takes no new slices, finishes those in hand (for a bounded time) and commits. Publishing stays possible. */
  abstract drain(): Promise<void>;
  /** Drains and lets go of the broker. A `publish` afterwards is `unavailable` (`event_bus_closed`). */
  abstract close(): Promise<void>;
}
