import { isNestedTooDeeply, jsonDepthMax } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { z } from 'zod';
import { readCloudEvent } from './cloud-event.js';
import type { IncomingEvent } from './event.js';

/** A decoded event whose value its schema accepts. */
export interface ReceivedEvent<T> {
  id: string;
  type: string;
  /** When it happened (RFC 3339). */
  time: string;
  key: string | null;
  /** 1 for the first delivery from its own topic, one more for every time it came back from the retry topic. */
  attempt: number;
  headers: Readonly<Record<string, string>>;
  value: T;
}

export interface Decoding<T> {
  /** The type, which is also the topic, of the event. */
  type: string;
  schema: z.ZodType<T>;
  valueBytesMax: number;
}

/**
 * Checks headers and value of an event. Throws `invalid` (`invalid_event` or `event_too_large`) with a reason that names
 * fields and expectations and never repeats anything the event says.
 */
export function decodeEvent<T>(event: IncomingEvent, attempt: number, decoding: Decoding<T>): ReceivedEvent<T> {
  const { id, type, time } = readCloudEvent(event, decoding.type);
  const value = checked(jsonOf(event.value, decoding.valueBytesMax), decoding.schema);
  return { id, type, time, key: event.key, attempt, headers: event.headers, value };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function jsonOf(value: Buffer | null, bytesMax: number): unknown {
  if (value === null) throw invalid('the event has no value');
  if (value.length > bytesMax) {
    const message = `the value has ${value.length} bytes, ${bytesMax} are allowed`;
    throw new AppError('invalid', 'event_too_large', { message });
  }
  const json = parsed(value);
  if (isNestedTooDeeply(json)) throw invalid(`the value is nested more than ${jsonDepthMax} levels deep`);
  return json;
}

function parsed(value: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(value));
  } catch {
    // The parser's message quotes the value.
    throw invalid('the value is not JSON in UTF-8');
  }
}

function checked<T>(value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 5).map((issue) => `${pathOf(issue.path)} ${expectationOf(issue)}`);
  throw invalid(issues.join('; '));
}

/** Names of fields may have been written by a tenant too: what does not look like one of our names is masked. */
function pathOf(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => (typeof part === 'number' || ourName.test(String(part)) ? String(part) : '*'));
  return parts.length === 0 ? 'the value' : parts.join('.');
}

const ourName = /^[a-z][a-z_]{0,30}$/;

/** Made from the schema's side of an issue only; zod's own messages may quote the value. */
function expectationOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${issue.expected}`;
    case 'too_small':
      return `is below the minimum of ${issue.minimum}`;
    case 'too_big':
      return `is above the maximum of ${issue.maximum}`;
    case 'invalid_format':
      return `must have the format ${issue.format}`;
    case 'invalid_value':
      return `must be one of ${issue.values.length} known values`;
    case 'unrecognized_keys':
      return 'has unknown fields';
    default:
      return 'is not valid';
  }
}

const invalid = (message: string): AppError => new AppError('invalid', 'invalid_event', { message });
