import { AppError } from '#libs/errors';
import type { ForwardedEvent, IncomingEvent, OutgoingEvent, RawHeaders } from './event.js';

/** What the headers say about an event. */
export interface CloudEvent {
  id: string;
  type: string;
  /** RFC 3339. */
  time: string;
}

/** Headers of a new event: CloudEvents 1.0, Kafka protocol binding 1.0.1, binary content mode. */
export function cloudEventHeaders(event: OutgoingEvent, source: string): Record<string, string> {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.type,
    ce_source: source,
    ce_time: event.time,
    'content-type': 'application/json',
  };
  for (const [name, value] of Object.entries(event.headers ?? {})) headers[name] ??= value;
  return headers;
}

/** Headers of an event that is passed on: its own, in bytes where we have them, under the added ones. */
export function forwardedHeaders({ original, headers }: ForwardedEvent): RawHeaders {
  return { ...(original.raw?.headers ?? original.headers), ...headers };
}

/**
 * Reads the headers of an event that must be of type `type`. Throws `invalid` (`invalid_event`) and never repeats
 * what a header said. `ce_time` is optional in CloudEvents: without it, the time the bus stored the event.
 */
export function readCloudEvent(event: IncomingEvent, type: string): CloudEvent {
  const { headers } = event;
  const contentType = headers['content-type'];
  check(contentType === undefined || /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType), 'content-type');
  check(!/^application\/cloudevents/i.test(contentType ?? ''), 'content-type');
  check(headers['ce_specversion'] === '1.0', 'ce_specversion');
  check(headers['ce_type'] === type, 'ce_type');
  check(headers['ce_source'] !== undefined && headers['ce_source'] !== '', 'ce_source');
  const id = headers['ce_id'] ?? '';
  check(id.length > 0 && id.length <= 256, 'ce_id');
  const time = headers['ce_time'] ?? event.storedAt;
  check(rfc3339.test(time) && !Number.isNaN(Date.parse(time)), 'ce_time');
  return { id, type, time };
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

const expectations = {
  'content-type': 'must be application/json (binary content mode)',
  ce_specversion: 'must be 1.0',
  ce_type: 'must be the name of the topic',
  ce_source: 'must be present',
  ce_id: 'must have 1 to 256 characters',
  ce_time: 'must be an RFC 3339 time',
} as const;

function check(ok: boolean, header: keyof typeof expectations): void {
  if (ok) return;
  throw new AppError('invalid', 'invalid_event', {
    message: `header ${header} ${expectations[header]}`,
    param: header,
  });
}
