import type { KafkaMessage, Message } from 'kafkajs';
import { cloudEventHeaders, forwardedHeaders } from './cloud-event.js';
import { assertSize, sizeOf, type IncomingEvent, type PublishableEvent, type RawHeaders } from './event.js';

/** One message of a produce request. */
export interface KafkaRecord {
  topic: string;
  message: Message;
  /** Size on the wire, estimated from above. */
  bytes: number;
}

/** The message of an event; `topic` with the deployment's prefix. Throws `event_too_large`. */
export function toRecord(event: PublishableEvent, topic: string, source: string): KafkaRecord {
  const message = messageOf(event, source);
  const bytes = sizeOf(message);
  assertSize(event, bytes);
  return { topic, message, bytes };
}

/** The event of a message; `topic` without the deployment's prefix. */
export function fromMessage(message: KafkaMessage, topic: string, partition: number): IncomingEvent {
  const rawHeaders: RawHeaders = message.headers ?? {};
  return {
    topic,
    partition,
    offset: message.offset,
    key: message.key?.toString() ?? null,
    headers: textOf(rawHeaders),
    value: message.value,
    storedAt: timeOf(message.timestamp),
    raw: { key: message.key, headers: rawHeaders },
  };
}

/** A producer may write any time it likes; one that is no date counts as now. */
function timeOf(timestamp: string): string {
  const time = new Date(Number(timestamp));
  return (Number.isNaN(time.getTime()) ? new Date() : time).toISOString();
}

interface RecordMessage {
  key: Buffer | string | null;
  value: Buffer | null;
  headers: { -readonly [Name in keyof RawHeaders]: RawHeaders[Name] };
}

function messageOf(event: PublishableEvent, source: string): RecordMessage {
  if ('original' in event) {
    const { original } = event;
    return { key: original.raw?.key ?? original.key, value: original.value, headers: forwardedHeaders(event) };
  }
  return { key: event.key, value: event.value, headers: cloudEventHeaders(event, source) };
}

/** Of a repeated header the last value counts. */
function textOf(headers: RawHeaders): Record<string, string> {
  const text: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    text[name] = String((Array.isArray(value) ? value.at(-1) : value) ?? '');
  }
  return text;
}
