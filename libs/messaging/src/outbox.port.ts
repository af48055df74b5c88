import type { OutgoingEvent } from './event.js';

/** One row of the outbox. */
export interface OutboxRecord {
  /** Its place in the order of the outbox. */
  seq: string;
  event: OutgoingEvent;
}

/** Where transactions leave the events that must follow them. Every method may reject when the store is out of reach. */
export abstract class OutboxSource {
  /** Becomes the one active relay, until `release` or the loss of the connection; false while another one is. */
  abstract acquire(): Promise<boolean>;
  /** The first `limit` unpublished records, in order. */
  abstract read(limit: number): Promise<OutboxRecord[]>;
  abstract markPublished(seqs: string[]): Promise<void>;
  /** Resolves when there may be new records, at the latest after `timeoutMs` milliseconds, and on `release`. */
  abstract waitForWork(timeoutMs: number): Promise<void>;
  /** Lets another relay become active. Does nothing when this one is not. */
  abstract release(): Promise<void>;
}
