import type { Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs';
import { settledWithin, waitBeforeRetry } from './backoff.js';
import type { BusStatus, Subscription } from './event-bus.port.js';
import { translateKafkaError } from './kafka-error.js';
import { KafkaPartition } from './kafka-partition.js';
import type { LogEvent } from './log-event.js';

export interface KafkaConsumerOptions {
  subscription: Subscription;
  topicPrefix: string;
  drainTimeoutMs: number;
  /** kafkajs has given up: nothing will be consumed any more. */
  onCrash: (error: Error) => void;
  log: LogEvent;
}

const commitIntervalMs = 500;
/**
 * How long the next fetch waits for what the last one brought: sooner it would bring little, and a fetch costs broker
 * and consumer more than an event does. Short, since a slow partition holds back the others for this long.
 */
const fetchPauseMsMax = 15;
/** A fetch takes 0.1 s when there is nothing to fetch. */
const silenceMsMax = 10_000;
/** A partition is paused above the first and resumed below the second. */
const pendingBytesMax = 512 * 1024;
const pendingBytesResume = 256 * 1024;

/**
 * One subscription. The fetch loop only hands batches to the lanes of their partitions; handlers run and offsets are
 * committed beside it, so neither a slow partition nor a commit holds it up.
 */
export class KafkaEventConsumer {
  private partitions = new Map<string, KafkaPartition>();
  /** Partitions we lost whose last slice is still in hand. */
  private readonly leaving = new Map<string, Promise<void>>();
  private memberId: string | undefined;
  private problem: string | undefined = 'not yet a member of its consumer group';
  private lastFetchAt = 0;
  private readonly draining = new AbortController();
  private drained: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private committing: Promise<void> | undefined;

  constructor(
    private readonly consumer: Consumer,
    private readonly options: KafkaConsumerOptions,
  ) {
    const { GROUP_JOIN, REBALANCING, CRASH, FETCH } = consumer.events;
    consumer.on(FETCH, () => (this.lastFetchAt = performance.now()));
    consumer.on(GROUP_JOIN, (event) => this.onGroupJoin(event));
    consumer.on(REBALANCING, () => void this.commit());
    consumer.on(CRASH, (event) => this.onCrash(event));
  }

  /** Resolves when this is a member of its group; keeps trying until then or until it drains. Rejects after a crash. */
  async start(): Promise<void> {
    const { GROUP_JOIN, CRASH } = this.consumer.events;
    const joined = new Promise<void>((resolve, reject) => {
      this.consumer.on(GROUP_JOIN, () => resolve());
      this.consumer.on(CRASH, ({ payload }) =>
        payload.restart ? undefined : reject(translateKafkaError(payload.error)),
      );
      this.draining.signal.addEventListener('abort', () => resolve());
    });
    if (!(await this.connect())) return;
    this.timer = setInterval(() => {
      if (!this.committing) void this.commit();
    }, commitIntervalMs);
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // The batches of one fetch are taken side by side, then the next fetch waits for all of them.
      partitionsConsumedConcurrently: 64,
      eachBatch: (payload) => this.take(payload),
    });
    await joined;
  }

  status(): BusStatus {
    const { group } = this.options.subscription;
    if (this.draining.signal.aborted) return { healthy: false, reason: `consumer ${group} drains` };
    const silent = performance.now() - this.lastFetchAt > silenceMsMax ? 'the broker does not answer' : undefined;
    const problem = this.problem ?? silent;
    return problem === undefined ? { healthy: true } : { healthy: false, reason: `consumer ${group}: ${problem}` };
  }

  /** Finishes the slices in hand, commits, leaves the group. */
  drain(): Promise<void> {
    this.drained ??= this.leave();
    return this.drained;
  }

  private async leave(): Promise<void> {
    this.draining.abort();
    clearInterval(this.timer);
    for (const partition of this.partitions.values()) this.pause(partition);
    const inHand = [...this.partitions.values()].map((partition) => partition.stop());
    const finished = await settledWithin(
      Promise.all([...inHand, ...this.leaving.values()]),
      this.options.drainTimeoutMs,
    );
    if (!finished) this.options.log('warn', 'handlers are still busy after the time to drain; others take over');
    await settledWithin(this.commit(), 5_000);
    await this.consumer.disconnect();
  }

  private async connect(): Promise<boolean> {
    const { subscription, topicPrefix, log } = this.options;
    for (let tryCount = 1; !this.draining.signal.aborted; tryCount += 1) {
      try {
        await this.consumer.connect();
        const topics = subscription.topics.map((topic) => topicPrefix + topic);
        await this.consumer.subscribe({ topics, fromBeginning: true });
        return !this.draining.signal.aborted;
      } catch (error) {
        this.problem = 'cannot reach the broker or its topics';
        log('warn', 'cannot subscribe yet', { group: subscription.group, tryCount, err: error });
        await waitBeforeRetry({ baseMs: 100, capMs: 5_000 }, tryCount, this.draining.signal);
      }
    }
    return false;
  }

  private async take({ batch, resolveOffset, isStale, isRunning }: EachBatchPayload): Promise<void> {
    const partition = this.partitions.get(nameOf(batch.topic, batch.partition));
    if (!partition || this.draining.signal.aborted || isStale() || !isRunning()) return;
    const intake = partition.take(batch);
    if (intake === 'taken') {
      resolveOffset(batch.messages.at(-1)!.offset);
      if (partition.pendingBytes > pendingBytesMax) this.pause(partition);
      await partition.handledWithin(fetchPauseMsMax);
    } else {
      this.options.log('warn', 'a batch would leave a gap and is fetched again', { topic: batch.topic, ...intake });
      this.consumer.seek({ topic: batch.topic, partition: batch.partition, offset: intake.seekTo });
    }
  }

  /**
   * Keeps the partitions that stay ours with all they hold, lets go of the others. Under a new member id others may
   * have worked on anything meanwhile, so nothing is kept.
   */
  private onGroupJoin({ payload }: ConsumerGroupJoinEvent): void {
    const before = this.partitions;
    const keeps = payload.memberId === this.memberId;
    this.memberId = payload.memberId;
    this.partitions = new Map();
    for (const [topic, numbers] of Object.entries(payload.memberAssignment)) {
      for (const number of numbers) {
        const name = nameOf(topic, number);
        const kept = keeps ? before.get(name) : undefined;
        if (kept) before.delete(name);
        this.partitions.set(name, kept ?? this.newPartition(topic, number, this.letGo(name, before)));
      }
    }
    for (const name of before.keys()) void this.letGo(name, before);
    for (const partition of this.partitions.values()) {
      if (this.draining.signal.aborted) this.pause(partition);
      else if (!partition.paused) this.resume(partition);
    }
    this.problem = undefined;
    this.lastFetchAt = performance.now();
  }

  /** Stops a partition; resolves when nothing of it is in hand any more. */
  private letGo(name: string, before: Map<string, KafkaPartition>): Promise<void> | undefined {
    const stopped = before.get(name)?.stop();
    before.delete(name);
    const earlier = this.leaving.get(name);
    if (!stopped) return earlier;
    const gone = Promise.all([earlier, stopped]).then(() => {
      if (this.leaving.get(name) === gone) this.leaving.delete(name);
    });
    this.leaving.set(name, gone);
    return gone;
  }

  private newPartition(topic: string, number: number, after: Promise<void> | undefined): KafkaPartition {
    const { subscription, topicPrefix, log } = this.options;
    const partition: KafkaPartition = new KafkaPartition(
      topic,
      number,
      {
        subscription,
        log,
        topicName: topic.slice(topicPrefix.length),
        onProgress: () => {
          if (partition.paused && partition.pendingBytes < pendingBytesResume) this.resume(partition);
        },
      },
      after,
    );
    return partition;
  }

  private pause(partition: KafkaPartition): void {
    partition.paused = true;
    this.whileRunning(() => this.consumer.pause([{ topic: partition.topic, partitions: [partition.number] }]));
  }

  private resume(partition: KafkaPartition): void {
    if (this.partitions.get(nameOf(partition.topic, partition.number)) !== partition) return;
    if (this.draining.signal.aborted) return;
    partition.paused = false;
    this.whileRunning(() => this.consumer.resume([{ topic: partition.topic, partitions: [partition.number] }]));
  }

  /** kafkajs refuses to pause and resume between a crash and the restart, which forgets all pauses anyway. */
  private whileRunning(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.options.log('debug', 'the consumer is not running', { err: error });
    }
  }

  /** Commits what is finished and still ours. A failure is left to the next time. */
  private async commit(): Promise<void> {
    await this.committing;
    this.committing ??= this.commitFinished().finally(() => (this.committing = undefined));
    await this.committing;
  }

  private async commitFinished(): Promise<void> {
    const due = [...this.partitions.values()].flatMap((partition) => {
      const offset = partition.uncommitted;
      return offset === undefined ? [] : [{ partition, offset }];
    });
    if (due.length === 0) return;
    try {
      await this.consumer.commitOffsets(
        due.map(({ partition: { topic, number }, offset }) => ({ topic, partition: number, offset: String(offset) })),
      );
      for (const { partition, offset } of due) partition.setCommitted(offset);
    } catch (error) {
      this.options.log('warn', 'offsets are not committed yet', { group: this.options.subscription.group, err: error });
    }
  }

  private onCrash({ payload: { error, restart } }: ConsumerCrashEvent): void {
    this.problem = restart ? 'restarting after a failure' : 'stopped for good after a failure';
    this.options.log(restart ? 'warn' : 'error', 'the consumer failed', { restart, err: error });
    if (!restart && !this.draining.signal.aborted) this.options.onCrash(error);
  }
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;
