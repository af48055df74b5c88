import { deadLetterTopicOf } from '#libs/contracts';
import { AppError, deliveryOutcomeOf } from '#libs/errors';
import type { z } from 'zod';
import { pause, waitBeforeRetry, type Backoff } from './backoff.js';
import type { EventBus, SliceHandler } from './event-bus.port.js';
import type { IncomingEvent, OutgoingEvent, PublishableEvent } from './event.js';
import { silentLog, type LogEvent } from './log-event.js';
import { decodeEvent, type ReceivedEvent } from './received-event.js';
import { attemptOf, deadLetter, secondChance, waitMsOf, type RetryPolicy } from './second-chance.js';

/** What became of one event. */
export type Outcome = { kind: 'done'; publish?: OutgoingEvent[] } | { kind: 'failed'; error: AppError };

/**
 * Handles the valid events of a slice: one outcome each, in their order. An `AppError` it throws is the outcome of all
 * of them; anything else is `internal`. It is called again with events it has seen (at least once delivery), so the
 * events it publishes take their ids from `outcomeId`.
 */
export type EventHandler<T> = (events: readonly ReceivedEvent<T>[]) => Promise<readonly Outcome[]>;

export interface DeliveryOptions<T> {
  /** The topic whose events, first ones and retried ones, are handled. */
  topic: string;
  schema: z.ZodType<T>;
  /** Deliveries of an event that keeps failing with `unavailable`, before it is a dead letter. Default 8. */
  attemptsMax?: number;
  /** Between the deliveries of one event. Default 250 ms doubling up to 15 s. */
  retryBackoff?: Backoff;
  /** Default 512 KiB. */
  valueBytesMax?: number;
  /** Unix time in milliseconds. */
  now?: () => number;
  log?: LogEvent;
}

/**
 * Turns a handler of events into a handler of slices. Every event of a slice ends as handled, on the retry topic or as
 * a dead letter, and the slice is finished only when the broker has acknowledged that: nothing is dropped.
 */
export function deliver<T>(bus: EventBus, options: DeliveryOptions<T>, handler: EventHandler<T>): SliceHandler {
  const delivery = new Delivery(bus, options, handler);
  return (slice, signal) => delivery.run(slice, signal);
}

/** Events to publish because of one incoming event. */
interface Answer {
  to: IncomingEvent;
  publish: readonly PublishableEvent[];
}

class Delivery<T> {
  private readonly topic: string;
  private readonly policy: RetryPolicy;
  private readonly now: () => number;
  private readonly log: LogEvent;

  constructor(
    private readonly bus: EventBus,
    private readonly options: DeliveryOptions<T>,
    private readonly handler: EventHandler<T>,
  ) {
    const { topic, attemptsMax = 8, retryBackoff = { baseMs: 250, capMs: 15_000 } } = options;
    this.topic = topic;
    this.policy = { attemptsMax, backoff: retryBackoff };
    this.now = options.now ?? Date.now;
    this.log = options.log ?? silentLog;
  }

  async run(slice: readonly IncomingEvent[], signal: AbortSignal): Promise<void> {
    if (!(await this.untilDue(slice, signal))) throw shutdown();
    const answers = await this.answer(slice);
    await this.publish(answers, signal);
  }

  /** A retried slice waits for its latest event: they are close to each other, and later ones wait behind anyway. */
  private async untilDue(slice: readonly IncomingEvent[], signal: AbortSignal): Promise<boolean> {
    const nowMs = this.now();
    return pause(Math.max(...slice.map((event) => waitMsOf(event, this.topic, nowMs, this.policy))), signal);
  }

  private async answer(slice: readonly IncomingEvent[]): Promise<Answer[]> {
    const decoded = slice.map((event) => this.decode(event));
    const received = decoded.filter((each): each is ReceivedEvent<T> => !(each instanceof AppError));
    const outcomes = (await this.handle(received)).values();
    return slice.map((event, n) => {
      const error = decoded[n];
      if (error instanceof AppError) return this.failed(event, error);
      const outcome: Outcome = outcomes.next().value!;
      return outcome.kind === 'done'
        ? { to: event, publish: outcome.publish ?? [] }
        : this.failed(event, outcome.error);
    });
  }

  private decode(event: IncomingEvent): ReceivedEvent<T> | AppError {
    const { schema, valueBytesMax = 512 * 1024 } = this.options;
    try {
      return decodeEvent(event, attemptOf(event, this.topic), { type: this.topic, schema, valueBytesMax });
    } catch (error) {
      return AppError.from(error);
    }
  }

  /** One event may be what the handler stumbles over: when trying again is no use, the others are tried without it. */
  private async handle(events: readonly ReceivedEvent<T>[]): Promise<readonly Outcome[]> {
    if (events.length === 0) return [];
    try {
      const outcomes = await this.handler(events);
      if (Array.isArray(outcomes) && outcomes.length === events.length) return outcomes;
      throw new AppError('internal', 'wrong_outcome_count');
    } catch (thrown) {
      const error = AppError.from(thrown);
      this.log('error', 'an event handler failed', { topic: this.topic, count: events.length, err: thrown });
      if (events.length === 1 || deliveryOutcomeOf[error.kind] === 'retry') {
        return events.map(() => ({ kind: 'failed', error }));
      }
      const outcomes: Outcome[] = [];
      for (const event of events) outcomes.push(...(await this.handle([event])));
      return outcomes;
    }
  }

  private failed(event: IncomingEvent, error: AppError): Answer {
    const next = secondChance(event, this.topic, error, { policy: this.policy, nowMs: this.now() });
    const { topic, partition, offset } = event;
    const level = next.topic === deadLetterTopicOf(this.topic) ? 'warn' : 'debug';
    this.log(level, 'an event was not handled', { topic, partition, offset, to: next.topic, code: error.code });
    return { to: event, publish: [next] };
  }

  private async publish(answers: readonly Answer[], signal: AbortSignal): Promise<void> {
    try {
      await this.publishPatiently(
        answers.flatMap(({ publish }) => publish),
        signal,
      );
    } catch (error) {
      if (AppError.from(error).kind === 'unavailable') throw error;
      for (const answer of answers) await this.publishOrBury(answer, signal);
    }
  }

  /** An answer that the broker refuses for good makes a dead letter of its event, without harm to its neighbours. */
  private async publishOrBury({ to, publish }: Answer, signal: AbortSignal): Promise<void> {
    try {
      await this.publishPatiently(publish, signal);
    } catch (thrown) {
      const error = AppError.from(thrown);
      if (error.kind === 'unavailable') throw error;
      this.log('error', 'the answer to an event was refused', { topic: this.topic, code: error.code, err: thrown });
      await this.bury(to, error, signal);
    }
  }

  /** A dead letter that the broker does not take either goes without its value: this must be the end of the line. */
  private async bury(event: IncomingEvent, error: AppError, signal: AbortSignal): Promise<void> {
    try {
      await this.publishPatiently([deadLetter(event, this.topic, error)], signal);
    } catch (thrown) {
      if (AppError.from(thrown).kind === 'unavailable') throw thrown;
      const { topic, partition, offset, value } = event;
      this.log('error', 'an event is too large for a dead letter', { topic, partition, offset, bytes: value?.length });
      await this.publishPatiently([deadLetter({ ...event, value: null }, this.topic, error)], signal);
    }
  }

  /** Keeps trying while the broker is unavailable; gives up only at shutdown. */
  private async publishPatiently(events: readonly PublishableEvent[], signal: AbortSignal): Promise<void> {
    if (events.length === 0) return;
    for (let tryCount = 1; ; tryCount += 1) {
      try {
        return await this.bus.publish(events);
      } catch (error) {
        if (AppError.from(error).kind !== 'unavailable') throw error;
        this.log('warn', 'the outcome of events is not published yet', { topic: this.topic, tryCount, err: error });
        if (!(await waitBeforeRetry({ baseMs: 100, capMs: 5_000 }, tryCount, signal))) throw error;
      }
    }
  }
}

const shutdown = (): AppError => new AppError('unavailable', 'shutting_down');
