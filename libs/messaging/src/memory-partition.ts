import type { IncomingEvent } from './event.js';

/** An event on its way in: the partition gives it number, offset and time. */
export type StoredParts = Omit<IncomingEvent, 'partition' | 'offset' | 'storedAt'> & { forwarded: boolean };

/** One partition's log: the events from its first kept offset on. */
export class MemoryPartition {
  private events: IncomingEvent[] = [];
  private firstOffset = 0;

  constructor(
    readonly topic: string,
    readonly number: number,
  ) {}

  /** The offset the next event will have. */
  get nextOffset(): number {
    return this.firstOffset + this.events.length;
  }

  append({ topic, key, headers, value, raw }: StoredParts): IncomingEvent {
    const place = { partition: this.number, offset: String(this.nextOffset), storedAt: new Date().toISOString() };
    const event = { topic, key, headers, value, ...(raw && { raw }), ...place };
    this.events.push(event);
    return event;
  }

  /** Events with this offset and above. */
  from(offset: number): readonly IncomingEvent[] {
    return this.events.slice(Math.max(0, offset - this.firstOffset));
  }

  /** Drops events below `offset`, all but the last `keptMax` of them. */
  trim(offset: number, keptMax: number): void {
    const excess = offset - this.firstOffset - keptMax;
    if (excess <= 0) return;
    this.events.splice(0, excess);
    this.firstOffset += excess;
  }
}
