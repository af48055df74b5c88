import { deadLetterTopicOf, retryTopicOf } from '#libs/contracts';
import { deliveryOutcomeOf, type AppError } from '#libs/errors';
import { backoffMs, type Backoff } from './backoff.js';
import type { ForwardedEvent, IncomingEvent } from './event.js';

/** Headers that retry and dead-letter topics add to an event's own. */
export const deliveryHeaders = {
  /** Which delivery the next one is. */
  attempt: 'latchkey-attempt',
  /** Not to be handled before (Unix time, milliseconds). */
  retryAt: 'latchkey-retry-at',
  errorCode: 'latchkey-error-code',
  errorMessage: 'latchkey-error-message',
  originalTopic: 'latchkey-original-topic',
  originalPartition: 'latchkey-original-partition',
  originalOffset: 'latchkey-original-offset',
} as const;

export interface RetryPolicy {
  /** Deliveries of an event, the first included. */
  attemptsMax: number;
  backoff: Backoff;
}

/** Which delivery this is; only what comes from the retry topic is believed about it. */
export function attemptOf(event: IncomingEvent, topic: string): number {
  if (event.topic === topic) return 1;
  const attempt = Number(event.headers[deliveryHeaders.attempt]);
  return Number.isInteger(attempt) && attempt > 1 ? attempt : 2;
}

/** How long the event must still wait, in milliseconds; never longer than the longest backoff. */
export function waitMsOf(event: IncomingEvent, topic: string, nowMs: number, { backoff }: RetryPolicy): number {
  if (event.topic === topic) return 0;
  const waitMs = Number(event.headers[deliveryHeaders.retryAt]) - nowMs;
  return waitMs > 0 ? Math.min(waitMs, backoff.capMs) : 0;
}

/** Where an event goes that could not be handled: back for another try if that may help, otherwise to the dead letters. */
export function secondChance(
  event: IncomingEvent,
  topic: string,
  error: AppError,
  when: { policy: RetryPolicy; nowMs: number },
): ForwardedEvent {
  const attempt = attemptOf(event, topic);
  if (deliveryOutcomeOf[error.kind] === 'dead_letter' || attempt >= when.policy.attemptsMax) {
    return deadLetter(event, topic, error);
  }
  const retryAt = when.nowMs + backoffMs(when.policy.backoff, attempt);
  return {
    topic: retryTopicOf(topic),
    original: event,
    headers: {
      ...originOf(event, topic),
      [deliveryHeaders.attempt]: String(attempt + 1),
      [deliveryHeaders.retryAt]: String(retryAt),
    },
  };
}

/** The event as it came, with the reason it could not be handled. */
export function deadLetter(event: IncomingEvent, topic: string, error: AppError): ForwardedEvent {
  return {
    topic: deadLetterTopicOf(topic),
    original: event,
    headers: {
      ...originOf(event, topic),
      [deliveryHeaders.attempt]: String(attemptOf(event, topic)),
      [deliveryHeaders.errorCode]: error.code,
      [deliveryHeaders.errorMessage]: error.message.slice(0, 500),
    },
  };
}

/** Where the event was first; from the retry topic on it says so itself. */
function originOf(event: IncomingEvent, topic: string): Record<string, string> {
  const { originalTopic, originalPartition, originalOffset } = deliveryHeaders;
  if (event.topic !== topic && event.headers[originalTopic] !== undefined) return {};
  return {
    [originalTopic]: event.topic,
    [originalPartition]: String(event.partition),
    [originalOffset]: event.offset,
  };
}
