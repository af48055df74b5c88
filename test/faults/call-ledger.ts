import { randomUUID } from 'node:crypto';
import { deadLetterTopicOf, outcomeId, retryTopicOf, topics, type CallKeysResolved } from '#libs/contracts';
import { KafkaEventBus, type IncomingEvent, type OutgoingEvent } from '#libs/messaging';
import { until } from './until.js';

/** One `call.started.v1` that a test announces. */
export interface AnnouncedCall {
  /** Of the event. */
  id: string;
  callId: string;
  organizationId: string;
  config: object;
}

/** How many of a number of events ended how; the last three must be 0 when all has gone well. */
export interface Tally {
  resolved: number;
  deadLettered: number;
  endedTwice: number;
  answersDiffer: number;
  open: number;
}

/** A configuration that needs three components. */
export const threeComponents = {
  stt_config: { provider: 'deepgram', model: 'nova-3' },
  llm_config: { provider: 'openai', model: 'gpt-5.4' },
  tts_config: { provider: 'elevenlabs', model: 'eleven_flash_v2_5', voice_id: 'v' },
};

export function newCall(organizationId: string, config: object = threeComponents): AnnouncedCall {
  return { id: randomUUID(), callId: randomUUID(), organizationId, config };
}

/** Plays the orchestrators of a deployment on Kafka, and books what became of every event. */
export class CallLedger {
  private readonly bus: KafkaEventBus;
  /** By `ce_id`. */
  private readonly resolved = new Map<string, CallKeysResolved[]>();
  readonly retries: IncomingEvent[] = [];
  readonly deadLetters: IncomingEvent[] = [];
  readonly keyChanges: IncomingEvent[] = [];

  private constructor(bus: KafkaEventBus) {
    this.bus = bus;
  }

  static async open(deployment: { kafkaBrokers: string[]; topicPrefix: string }): Promise<CallLedger> {
    const ledger = new CallLedger(
      new KafkaEventBus({
        brokers: deployment.kafkaBrokers,
        clientId: 'call-ledger',
        source: 'test/orchestrator',
        topicPrefix: deployment.topicPrefix,
      }),
    );
    const { callStarted, callEnded, callKeysResolved, byokKeyChanged } = topics;
    const outcomes = [callStarted, callEnded].flatMap((topic) => [retryTopicOf(topic), deadLetterTopicOf(topic)]);
    await ledger.bus.subscribe({
      topics: [callKeysResolved, byokKeyChanged, ...outcomes],
      group: 'call-ledger',
      onSlice: async (slice) => slice.forEach((event) => ledger.book(event)),
    });
    return ledger;
  }

  /** Announces calls, in this order, as `call.started.v1`. */
  start(calls: readonly AnnouncedCall[]): Promise<void> {
    return this.bus.publish(
      calls.map(({ id, callId, organizationId, config }) =>
        eventOf(topics.callStarted, id, { call_id: callId, organization_id: organizationId, config }),
      ),
    );
  }

  /** Reports the end of a call. */
  end({ callId, organizationId }: AnnouncedCall): Promise<void> {
    const value = { call_id: callId, organization_id: organizationId };
    return this.bus.publish([eventOf(topics.callEnded, randomUUID(), value)]);
  }

  /** Puts something on a topic that no library of ours would. */
  publishRaw(
    topic: string,
    raw: { key: string; headers: Record<string, string>; value: Buffer | null },
  ): Promise<void> {
    return this.bus.publish([{ topic, original: raw, headers: {} }]);
  }

  /** Every answer to an event, also those that a redelivery repeated. */
  answersTo({ id }: Pick<AnnouncedCall, 'id'>): CallKeysResolved[] {
    return this.resolved.get(outcomeId(id, topics.callKeysResolved)) ?? [];
  }

  retriesOf({ id }: Pick<AnnouncedCall, 'id'>): IncomingEvent[] {
    return this.retries.filter(({ headers }) => headers.ce_id === id);
  }

  deadLettersOf({ id }: Pick<AnnouncedCall, 'id'>): IncomingEvent[] {
    return this.deadLetters.filter(({ headers }) => headers.ce_id === id);
  }

  /** What has become of the calls so far. */
  tally(calls: readonly AnnouncedCall[]): Tally {
    const tally: Tally = { resolved: 0, deadLettered: 0, endedTwice: 0, answersDiffer: 0, open: 0 };
    const dead = new Set(this.deadLetters.map(({ headers }) => headers.ce_id));
    for (const call of calls) {
      const answers = this.answersTo(call);
      const [isResolved, isDead] = [answers.length > 0, dead.has(call.id)];
      if (isResolved) tally.resolved += 1;
      if (isDead) tally.deadLettered += 1;
      if (isResolved && isDead) tally.endedTwice += 1;
      if (!isResolved && !isDead) tally.open += 1;
      if (new Set(answers.map((answer) => JSON.stringify(answer.components))).size > 1) tally.answersDiffer += 1;
    }
    return tally;
  }

  /** Waits until every call has ended, one way or the other, and tells how. */
  async settle(calls: readonly AnnouncedCall[], timeoutMs = 30_000): Promise<Tally> {
    await until('every call is resolved or a dead letter', () => this.tally(calls).open === 0, timeoutMs).catch(
      () => undefined, // The tally says what is missing.
    );
    return this.tally(calls);
  }

  close(): Promise<void> {
    return this.bus.close();
  }

  private book(event: IncomingEvent): void {
    if (event.topic === topics.callKeysResolved) {
      const id = event.headers.ce_id ?? '';
      const answer = JSON.parse(String(event.value)) as CallKeysResolved;
      this.resolved.set(id, [...(this.resolved.get(id) ?? []), answer]);
    } else if (event.topic === topics.byokKeyChanged) this.keyChanges.push(event);
    else if (event.topic.endsWith('.retry')) this.retries.push(event);
    else this.deadLetters.push(event);
  }
}

/** The tally of calls that were all answered, none twice in two ways. */
export const allResolved = (count: number): Tally => ({
  resolved: count,
  deadLettered: 0,
  endedTwice: 0,
  answersDiffer: 0,
  open: 0,
});

/** The tally of calls that all ended as dead letters. */
export const allDead = (count: number): Tally => ({ ...allResolved(0), deadLettered: count });

function eventOf(topic: string, id: string, value: { call_id: string; [field: string]: unknown }): OutgoingEvent {
  return {
    topic,
    key: value.call_id,
    id,
    type: topic,
    value: Buffer.from(JSON.stringify(value)),
    time: new Date().toISOString(),
  };
}
