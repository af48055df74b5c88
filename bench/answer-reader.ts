import { topics } from '#libs/contracts';
import type { Consumer, Kafka } from 'kafkajs';
import { callNumberOf } from './call-load.js';

/** Consecutive call numbers whose answers are awaited. */
export interface CallRange {
  from: number;
  count: number;
}

const silenceMsMax = 20_000;
const unresolved = Buffer.from('"status":"unresolved"');

/** Reads answers as the orchestrator would, and sees to it that every call got exactly one, with keys. */
export class AnswerReader {
  private awaited: Awaited | undefined;

  private constructor(
    private readonly consumer: Consumer,
    private readonly topicNames: readonly string[],
  ) {}

  /** Reads the answer topics under all of the prefixes; nothing is read until something is awaited. */
  static async start(kafka: Kafka, topicPrefixes: readonly string[]): Promise<AnswerReader> {
    const consumer = kafka.consumer({ groupId: 'bench-orchestrator', minBytes: 1, maxWaitTimeInMs: 100 });
    const names = topicPrefixes.map((prefix) => prefix + topics.callKeysResolved);
    const reader = new AnswerReader(consumer, names);
    await consumer.connect();
    await consumer.subscribe({ topics: names, fromBeginning: true });
    const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const now = performance.now();
        for (const { key, value } of batch.messages) reader.take(callNumberOf(key), value, now);
      },
    });
    await joined;
    reader.pause();
    return reader;
  }

  /** Leaves the processor to others. */
  pause(): void {
    this.consumer.pause(this.topicNames.map((topic) => ({ topic })));
  }

  resume(): void {
    this.consumer.resume(this.topicNames.map((topic) => ({ topic })));
  }

  /**
   * When each call of the range was answered (`performance.now` of this process). Rejects when an answer stays away,
   * comes twice or leaves a component without a key.
   */
  async answersTo(calls: CallRange): Promise<Float64Array> {
    const answeredAt = new Float64Array(calls.count);
    let watch: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const awaited: Awaited = { calls, answeredAt, missing: calls.count, resolve, reject };
        this.awaited = awaited;
        watch = watchProgress(awaited);
      });
    } finally {
      clearInterval(watch);
      this.awaited = undefined;
    }
    return answeredAt;
  }

  close(): Promise<void> {
    return this.consumer.disconnect();
  }

  private take(callNumber: number, value: Buffer | null, now: number): void {
    const { awaited } = this;
    const index = callNumber - (awaited?.calls.from ?? 0);
    if (!awaited || !(index >= 0 && index < awaited.calls.count)) return;
    if (awaited.answeredAt[index]) return awaited.reject(new Error(`Call ${callNumber} was answered twice.`));
    if (!value || value.includes(unresolved)) {
      return awaited.reject(new Error(`Call ${callNumber} did not get its keys: ${value?.toString()}`));
    }
    awaited.answeredAt[index] = now;
    awaited.missing -= 1;
    if (awaited.missing === 0) awaited.resolve();
  }
}

interface Awaited {
  calls: CallRange;
  answeredAt: Float64Array;
  missing: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

function watchProgress(awaited: Awaited): NodeJS.Timeout {
  let before = awaited.missing;
  return setInterval(() => {
    if (awaited.missing === before) awaited.reject(new Error(`${awaited.missing} calls were never answered.`));
    before = awaited.missing;
  }, silenceMsMax);
}
