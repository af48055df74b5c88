import { waitBeforeRetry, type Backoff } from './backoff.js';
import type { Subscription } from './event-bus.port.js';
import { sizeOf, type IncomingEvent } from './event.js';
import type { LogEvent } from './log-event.js';

export interface LaneOptions {
  subscription: Subscription;
  log: LogEvent;
  /** Called after every finished slice. */
  onProgress: (lane: PartitionLane) => void;
  /** The first slice waits for this: what an earlier lane of the same partition still has in hand. */
  after?: Promise<void>;
  /** Between two tries of a slice whose handler rejected. */
  backoff?: Backoff;
}

/**
 * The events of one partition on their way to the handler: cut into slices, one slice at a time, in order. A slice
 * whose handler rejects is tried again until it succeeds or the lane stops.
 */
export class PartitionLane {
  private queue: Queued[] = [];
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private active = false;
  private bytes = 0;
  private finished: bigint | undefined;

  constructor(private readonly options: LaneOptions) {}

  /** The offset after the last finished event: everything before it that came here is done. */
  get finishedOffset(): bigint | undefined {
    return this.finished;
  }

  /** How many bytes wait here or are in hand. */
  get pendingBytes(): number {
    return this.bytes;
  }

  /** Resolves when everything that came here so far has been handled, or the lane has stopped. */
  get handled(): Promise<void> {
    return this.running;
  }

  /** Takes events that follow those already here. */
  add(events: readonly IncomingEvent[]): void {
    if (this.stopping.signal.aborted) return;
    for (const event of events) {
      const bytes = sizeOf({ key: event.key, value: event.value, headers: event.headers });
      this.bytes += bytes;
      this.queue.push({ event, bytes });
    }
    if (!this.active) this.running = this.run();
  }

  /** Forgets what waits; resolves when the slice in hand has been finished or given up. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.queue = [];
  }

  private async run(): Promise<void> {
    this.active = true;
    await this.options.after;
    while (this.queue.length > 0 && !this.stopping.signal.aborted) {
      const slice = this.nextSlice();
      if (await this.handleUntilDone(slice.map(({ event }) => event))) this.finish(slice);
    }
    this.active = false;
  }

  private finish(slice: Queued[]): void {
    this.queue.splice(0, slice.length);
    for (const { bytes } of slice) this.bytes -= bytes;
    this.finished = BigInt(slice.at(-1)!.event.offset) + 1n;
    this.options.onProgress(this);
  }

  private nextSlice(): Queued[] {
    const { sliceEventsMax = 250, sliceBytesMax = 256 * 1024 } = this.options.subscription;
    let bytes = this.queue[0]!.bytes;
    let count = 1;
    while (count < this.queue.length && count < sliceEventsMax) {
      bytes += this.queue[count]!.bytes;
      if (bytes > sliceBytesMax) break;
      count += 1;
    }
    return this.queue.slice(0, count);
  }

  private async handleUntilDone(slice: readonly IncomingEvent[]): Promise<boolean> {
    const { subscription, log, backoff = { baseMs: 100, capMs: 10_000 } } = this.options;
    const { signal } = this.stopping;
    for (let tryCount = 1; ; tryCount += 1) {
      try {
        await subscription.onSlice(slice, signal);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        const { topic, partition, offset } = slice[0]!;
        log('error', 'a slice failed and is delivered again', { topic, partition, offset, tryCount, err: error });
        if (!(await waitBeforeRetry(backoff, tryCount, signal))) return false;
      }
    }
  }
}

interface Queued {
  event: IncomingEvent;
  bytes: number;
}
