import type { EachBatchPayload } from 'kafkajs';
import { settledWithin } from './backoff.js';
import type { IncomingEvent } from './event.js';
import { fromMessage } from './kafka-record.js';
import { PartitionLane, type LaneOptions } from './partition-lane.js';

/** What happens to a batch that was fetched. */
export type Intake = 'taken' | { seekTo: string };

/** kafkajs knows where a batch was fetched from but does not declare it. */
export type FetchedBatch = EachBatchPayload['batch'] & { readonly fetchedOffset?: string };

/** One assigned partition: its lane, and how far it has been taken and committed. */
export class KafkaPartition {
  /** Whether fetching is paused because too much waits in the lane. */
  paused = false;
  private lane: PartitionLane;
  private position: bigint | undefined;
  private committed: bigint | undefined;
  private soughtTo: bigint | undefined;

  constructor(
    /** As the broker knows it. */
    readonly topic: string,
    readonly number: number,
    private readonly options: Omit<LaneOptions, 'after'> & { topicName: string },
    after?: Promise<void>,
  ) {
    this.lane = new PartitionLane({ ...options, ...(after && { after }) });
  }

  get pendingBytes(): number {
    return this.lane.pendingBytes;
  }

  /** Resolves when everything taken so far has been handled, or `timeMs` milliseconds have passed. */
  async handledWithin(timeMs: number): Promise<void> {
    await settledWithin(this.lane.handled, timeMs);
  }

  /** The offset to commit, if it is not committed yet. */
  get uncommitted(): bigint | undefined {
    const finished = this.lane.finishedOffset;
    return finished !== undefined && finished !== this.committed ? finished : undefined;
  }

  setCommitted(offset: bigint): void {
    this.committed = offset;
  }

  /**
   * Hands a batch to the lane. After a rebalance that left us the partition, kafkajs fetches from the committed offset
   * again, and a batch fetched before the rebalance may still arrive: events already here are left out, and a batch
   * that would leave a gap is refused once, since only the broker having deleted events explains it twice.
   */
  take(batch: FetchedBatch): Intake {
    const first = BigInt(batch.fetchedOffset ?? batch.messages[0]!.offset);
    if (this.position !== undefined && first > this.position && this.soughtTo !== this.position) {
      this.soughtTo = this.position;
      return { seekTo: String(this.position) };
    }
    if (this.committed !== undefined && first < this.committed) this.startOver();
    this.lane.add(this.newEventsOf(batch, first));
    const end = BigInt(batch.lastOffset()) + 1n;
    if (this.position === undefined || end > this.position) this.position = end;
    return 'taken';
  }

  /** Forgets what waits; resolves when the slice in hand has been finished or given up. */
  stop(): Promise<void> {
    return this.lane.stop();
  }

  private newEventsOf({ messages }: FetchedBatch, first: bigint): IncomingEvent[] {
    const { position } = this;
    const fresh =
      position === undefined || first >= position
        ? messages
        : messages.filter(({ offset }) => BigInt(offset) >= position);
    return fresh.map((message) => fromMessage(message, this.options.topicName, this.number));
  }

  /** Someone moved the group's offset back, or made the topic anew: what we knew about offsets is void. */
  private startOver(): void {
    const after = this.lane.stop();
    this.lane = new PartitionLane({ ...this.options, after });
    this.position = undefined;
    this.committed = undefined;
  }
}
