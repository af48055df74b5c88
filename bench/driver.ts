import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '#libs/contracts';
import { quietIdleConnections } from '#libs/messaging';
import { Kafka, logLevel, Partitioners, type Admin, type Message, type Producer } from 'kafkajs';
import { AnswerReader } from './answer-reader.js';
import type { CallLoad } from './call-load.js';
import { cpuSecondsOf } from './process-usage.js';
import { percentile } from './statistics.js';
import type { Subject } from './subject.js';

/** A backlog worked off. */
export interface Drain {
  callsPerSecond: number;
  callsPerCpuSecond: number;
}

/** Latency in milliseconds, from the moment a call was due to be sent to the receipt of its answer. */
export interface Latency {
  p50: number;
  p99: number;
}

const drainTimeoutMs = 60_000;
const fillBatchLength = 1_000;

/** The orchestrator's side: sends calls, reads answers, measures. Everything here costs the same for every subject. */
export class Driver {
  private constructor(
    private readonly load: CallLoad,
    private readonly admin: Admin,
    private readonly producer: Producer,
    private readonly answers: AnswerReader,
  ) {}

  static async connect(broker: string, topicPrefixes: readonly string[], load: CallLoad): Promise<Driver> {
    quietIdleConnections();
    const kafka = new Kafka({ brokers: [broker], clientId: 'bench-driver', logLevel: logLevel.ERROR });
    const [admin, producer] = [kafka.admin(), kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })];
    await Promise.all([admin.connect(), producer.connect()]);
    return new Driver(load, admin, producer, await AnswerReader.start(kafka, topicPrefixes));
  }

  /**
   * Halts the subject, lets a backlog build up, and lets go. The end is when the broker holds all answers: nobody reads
   * them until then, since reading would take processor time from the subject.
   */
  async drain(subject: Subject, callCount: number): Promise<Drain> {
    const calls = { from: this.load.nextNumber, count: callCount };
    const messages = Array.from({ length: callCount }, () => this.load.next());
    const answersBefore = await this.answerCount(subject);
    subject.signal('SIGSTOP');
    for (let start = 0; start < messages.length; start += fillBatchLength) {
      await this.send(subject, messages.slice(start, start + fillBatchLength));
    }
    const cpuBefore = cpuSecondsOf(subject.pid);
    const begun = performance.now();
    subject.signal('SIGCONT');
    while ((await this.answerCount(subject)) - answersBefore < callCount) {
      if (performance.now() - begun > drainTimeoutMs) throw subject.failure('did not answer every call in a minute');
      await sleep(20);
    }
    const seconds = (performance.now() - begun) / 1_000;
    const cpuSeconds = cpuSecondsOf(subject.pid) - cpuBefore;
    const answered = this.answers.answersTo(calls);
    this.answers.resume();
    await answered;
    this.answers.pause();
    return { callsPerSecond: callCount / seconds, callsPerCpuSecond: callCount / cpuSeconds };
  }

  /** Sends calls at their times, whether or not earlier ones are answered; a call sent late counts from its time. */
  async openLoop(subject: Subject, callsPerSecond: number, durationSeconds: number): Promise<Latency> {
    const calls = { from: this.load.nextNumber, count: callsPerSecond * durationSeconds };
    const answered = this.answers.answersTo(calls);
    this.answers.resume();
    const begun = performance.now() + 50;
    const dueAt = (index: number): number => begun + (index * 1_000) / callsPerSecond;
    await Promise.all([answered, this.sendWhenDue(subject, calls.count, dueAt)]);
    this.answers.pause();
    const latencies = (await answered).map((answeredAt, index) => answeredAt - dueAt(index));
    return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
  }

  async close(): Promise<void> {
    await Promise.all([this.answers.close(), this.producer.disconnect(), this.admin.disconnect()]);
  }

  /** One request at a time: what falls due meanwhile travels together in the next one. */
  private async sendWhenDue(subject: Subject, count: number, dueAt: (index: number) => number): Promise<void> {
    for (let sent = 0; sent < count;) {
      const due: Message[] = [];
      while (sent < count && dueAt(sent) <= performance.now()) {
        due.push(this.load.next());
        sent += 1;
      }
      if (due.length > 0) await this.send(subject, due);
      else await sleep(1);
    }
  }

  private async send(subject: Subject, messages: Message[]): Promise<void> {
    await this.producer.send({ topic: subject.topicPrefix + topics.callStarted, acks: -1, messages });
  }

  private async answerCount(subject: Subject): Promise<number> {
    const partitions = await this.admin.fetchTopicOffsets(subject.topicPrefix + topics.callKeysResolved);
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  }
}
