import { AppError } from '#libs/errors';

/** One event to publish; the caller's types vouch for its value. */
export interface OutgoingEvent {
  topic: string;
  key: string;
  id: string;
  type: string;
  /** JSON. */
  value: Buffer;
  /** When it happened (RFC 3339). */
  time: string;
  /** More headers, such as `traceparent`. */
  headers?: Record<string, string>;
}

/** An event passed on as it came, byte for byte, to another topic and with more headers. */
export interface ForwardedEvent {
  topic: string;
  original: Pick<IncomingEvent, 'key' | 'headers' | 'value' | 'raw'>;
  headers: Readonly<Record<string, string>>;
}

/** Everything `EventBus.publish` takes. */
export type PublishableEvent = OutgoingEvent | ForwardedEvent;

/** One event as the bus holds it. Nothing in it has been checked. */
export interface IncomingEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer | null;
  /** When the bus stored it (RFC 3339). */
  readonly storedAt: string;
  /** Key and headers in bytes, for forwarding: text does not keep what is not UTF-8. */
  readonly raw?: RawParts;
}

/** Key and headers in bytes; a header may be repeated. */
export interface RawParts {
  readonly key: Buffer | null;
  readonly headers: RawHeaders;
}
export type RawHeaders = Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;

/** A new event may have this many bytes, headers included: below the default limit of a broker (1 MiB). */
const eventBytesMax = 1_000_000;

/** `max.message.bytes` of retry and dead-letter topics: any event fits there together with its reason headers. */
export const forwardTopicBytesMax = 2 * 1024 * 1024;

/** How many bytes an event takes at most on the wire (an estimate that is never too low for text headers). */
export function sizeOf(parts: { key: Bytes; value: Bytes; headers: RawHeaders }): number {
  let bytes = 100 + lengthOf(parts.key) + lengthOf(parts.value);
  for (const [name, value] of Object.entries(parts.headers)) {
    const values = Array.isArray(value) ? value : [value];
    for (const each of values) bytes += lengthOf(name) + lengthOf(each) + 10;
  }
  return bytes;
}

/** Refuses (`invalid`, `event_too_large`) an event that no topic of its kind would take. */
export function assertSize(event: PublishableEvent, bytes: number): void {
  const bytesMax = 'original' in event ? forwardTopicBytesMax : eventBytesMax;
  if (bytes <= bytesMax) return;
  throw new AppError('invalid', 'event_too_large', {
    message: `an event for ${event.topic} has ${bytes} bytes, ${bytesMax} are allowed`,
  });
}

type Bytes = Buffer | string | null | undefined;

function lengthOf(bytes: Bytes): number {
  if (bytes === null || bytes === undefined) return 0;
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
}
