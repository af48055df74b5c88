import { setImmediate as endOfTurn } from 'node:timers/promises';
import { AppError } from '#libs/errors';
import type { Producer, TopicMessages } from 'kafkajs';
import { waitBeforeRetry } from './backoff.js';
import { translateKafkaError } from './kafka-error.js';
import type { KafkaRecord } from './kafka-record.js';
import type { LogEvent } from './log-event.js';

/** One produce request stays below the broker's default limit for a batch (1 MiB), whatever it holds. */
const produceBytesMax = 950_000;
const silenceMsMax = 5_000;

/**
 * Sends records in order, one produce request at a time: what is asked for meanwhile travels together in the next one.
 * kafkajs gives up on an outage with errors it calls final, so the patience is here.
 */
export class KafkaEventProducer {
  private queue: Parcel[] = [];
  private working: Promise<void> | undefined;
  private connected = false;
  private readonly closing = new AbortController();
  private failure: AppError | undefined;
  private requestedAt: number | undefined;

  constructor(
    private readonly producer: Producer,
    private readonly deadlineMs: number,
    private readonly log: LogEvent,
  ) {}

  /** False while the broker refuses requests or leaves one without an answer for long. */
  get healthy(): boolean {
    const waitedMs = this.requestedAt === undefined ? 0 : performance.now() - this.requestedAt;
    return this.failure === undefined && waitedMs < silenceMsMax;
  }

  /** Resolves when every replica has acknowledged every record; rejects when the deadline has passed before. */
  async send(records: readonly KafkaRecord[]): Promise<void> {
    const deadline = Date.now() + this.deadlineMs;
    for (const part of splitByBytes(records)) await this.enqueue(part, deadline);
  }

  /** Sends what was asked for, without patience for an outage, and disconnects. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.working;
    await this.producer.disconnect();
  }

  private enqueue(records: readonly KafkaRecord[], deadline: number): Promise<void> {
    if (this.closing.signal.aborted) throw new AppError('unavailable', 'event_bus_closed');
    return new Promise((resolve, reject) => {
      this.queue.push({ records, deadline, resolve, reject });
      this.working ??= this.work();
    });
  }

  private async work(): Promise<void> {
    // What is asked for in one turn of the event loop travels in one request.
    await endOfTurn();
    for (let tryCount = 1; this.queue.length > 0; tryCount += 1) {
      const load = this.takeLoad();
      const failure = await this.produce(load);
      if (failure?.code === 'event_bus_unavailable') {
        this.failure = failure;
        this.log('warn', 'the broker does not acknowledge events', { tryCount, err: failure });
        this.queue = [...load, ...this.queue];
        await waitBeforeRetry({ baseMs: 50, capMs: 2_000 }, tryCount, this.closing.signal);
        this.giveUpOverdue(failure);
      } else {
        tryCount = 0;
        this.failure = undefined;
        if (failure) await this.produceEach(load, failure);
        else for (const parcel of load) parcel.resolve();
      }
    }
    this.working = undefined;
  }

  /** As many waiting parcels as fit into one request; at least one. */
  private takeLoad(): Parcel[] {
    let bytes = 0;
    const end = this.queue.findIndex(({ records }) => (bytes += bytesOf(records)) > produceBytesMax);
    return this.queue.splice(0, end === -1 ? this.queue.length : Math.max(1, end));
  }

  private async produce(load: readonly Parcel[]): Promise<AppError | undefined> {
    this.requestedAt = performance.now();
    try {
      if (!this.connected) await this.producer.connect();
      this.connected = true;
      const records = load.flatMap((parcel) => parcel.records);
      await this.producer.sendBatch({ acks: -1, timeout: 10_000, topicMessages: byTopic(records) });
      return undefined;
    } catch (error) {
      return translateKafkaError(error);
    } finally {
      this.requestedAt = undefined;
    }
  }

  /** The broker refused a request for good: find out whose fault it is, so that the others do not suffer for it. */
  private async produceEach(load: readonly Parcel[], refusal: AppError): Promise<void> {
    if (load.length === 1) return load[0]!.reject(refusal);
    for (const parcel of load) {
      const failure = await this.produce([parcel]);
      if (failure) parcel.reject(failure);
      else parcel.resolve();
    }
  }

  private giveUpOverdue(failure: AppError): void {
    const now = this.closing.signal.aborted ? Infinity : Date.now();
    for (const parcel of this.queue) if (parcel.deadline <= now) parcel.reject(failure);
    this.queue = this.queue.filter(({ deadline }) => deadline > now);
  }
}

/** What one `send` wants in one request. */
interface Parcel {
  records: readonly KafkaRecord[];
  deadline: number;
  resolve: () => void;
  reject: (error: AppError) => void;
}

function splitByBytes(records: readonly KafkaRecord[]): KafkaRecord[][] {
  const parts: KafkaRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    bytes += record.bytes;
    if (bytes > produceBytesMax) {
      parts.push([]);
      bytes = record.bytes;
    }
    parts.at(-1)!.push(record);
  }
  return parts;
}

function byTopic(records: readonly KafkaRecord[]): TopicMessages[] {
  const messages = new Map<string, TopicMessages>();
  for (const { topic, message } of records) {
    const entry = messages.get(topic) ?? { topic, messages: [] };
    entry.messages.push(message);
    messages.set(topic, entry);
  }
  return [...messages.values()];
}

const bytesOf = (records: readonly KafkaRecord[]): number => records.reduce((sum, { bytes }) => sum + bytes, 0);
