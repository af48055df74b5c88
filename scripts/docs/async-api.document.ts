import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deadLetterTopicOf, eventSchemas, retryTopicOf, type EventType } from '#libs/contracts';
import { SchemaShelf } from '#libs/openapi';
import { projectRoot } from '../stack/stack-directory.js';
import { eventNotes, type EventNotes } from './async-api.events.js';
import { cloudEventTrait, deadLetterHeaders, retryHeaders } from './async-api.headers.js';

/** The AsyncAPI 3 document of every topic, made from `libs/contracts`; its examples are the golden events. */
export function asyncApiDocument(): object {
  const shelf = new SchemaShelf('#/components/schemas/');
  const events = Object.entries(eventNotes) as [EventType, EventNotes][];
  const handled = events.filter(([, { readers }]) => readers.length > 0);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Latchkey events',
      version: '1.0.0',
      description:
        'CloudEvents 1.0 in binary mode on Kafka. A deployment may put one prefix before all topic names (`ce_type` has ' +
        'none). Fields may be added to a value at any time, and are never taken away or given another meaning. No event has ' +
        'a key in it, sealed or not.',
    },
    defaultContentType: 'application/json',
    servers: { kafka: { host: 'localhost:9092', protocol: 'kafka', description: 'The brokers of `KAFKA_BROKERS`.' } },
    channels: Object.fromEntries([
      ...events.map(([type]) => channelOf(type, type)),
      ...handled.flatMap(([type]) => [channelOf(type, retryTopicOf(type)), channelOf(type, deadLetterTopicOf(type))]),
    ]),
    operations: Object.fromEntries(events.flatMap(([type, notes]) => operationsOf(type, notes))),
    components: {
      messages: Object.fromEntries(events.flatMap(([type, notes]) => messagesOf(type, notes, shelf))),
      messageTraits: { CloudEvent: cloudEventTrait },
      schemas: shelf.named,
    },
  };
}

function channelOf(type: EventType, topic: string): [string, object] {
  const name = nameOf(topic);
  return [
    topic,
    {
      address: topic,
      description: topic === type ? eventNotes[type].summary : `Beside \`${type}\`: what could not be handled at once.`,
      messages: { [name]: { $ref: `#/components/messages/${name}` } },
    },
  ];
}

function operationsOf(type: EventType, { writer, readers }: EventNotes): [string, object][] {
  const retry = retryTopicOf(type);
  return [
    ...(writer === 'orchestrator' ? [] : [operation('send', type, `${writer} tells it.`)]),
    ...readers.flatMap((reader) => [
      operation('receive', type, `${reader} handles it; the ${writer} tells it.`),
      operation('send', retry, `${reader} lays aside what may be handled later.`),
      operation('receive', retry, `${reader} tries again.`),
      operation('send', deadLetterTopicOf(type), `${reader} lays aside what it cannot handle.`),
    ]),
  ];
}

function operation(action: 'send' | 'receive', topic: string, summary: string): [string, object] {
  const channel = `#/channels/${topic}`;
  const messages = [{ $ref: `${channel}/messages/${nameOf(topic)}` }];
  return [`${action}${nameOf(topic)}`, { action, summary, channel: { $ref: channel }, messages }];
}

/** The event, and the same laid aside when some app of ours handles it. */
function messagesOf(type: EventType, notes: EventNotes, shelf: SchemaShelf): [string, object][] {
  const message = messageOf(type, notes, shelf);
  const again = (topic: string, summary: string, headers: object): [string, object] => [
    nameOf(topic),
    { ...message, name: topic, summary, headers, examples: undefined },
  ];
  if (notes.readers.length === 0) return [[nameOf(type), message]];
  return [
    [nameOf(type), message],
    again(retryTopicOf(type), 'Waits for another try, byte for byte as it came.', retryHeaders),
    again(deadLetterTopicOf(type), 'Could not be handled; its headers say why.', deadLetterHeaders),
  ];
}

function messageOf(type: EventType, notes: EventNotes, shelf: SchemaShelf): object {
  shelf.named[nameOf(type)] = shelf.ofInput(eventSchemas[type]);
  return {
    name: type,
    title: type,
    summary: notes.summary,
    contentType: 'application/json',
    traits: [{ $ref: '#/components/messageTraits/CloudEvent' }],
    payload: { $ref: `#/components/schemas/${nameOf(type)}` },
    bindings: { kafka: { key: { type: 'string', description: notes.key }, bindingVersion: '0.5.0' } },
    examples: goldenOf(type),
  };
}

function goldenOf(type: EventType): object[] {
  const folder = join(projectRoot, 'libs', 'contracts', 'golden');
  const files = readdirSync(folder).filter((file) => file.startsWith(`${type}.`));
  return files.sort().map((file) => {
    const payload: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return { name: file.slice(type.length + 1, -'.json'.length), payload };
  });
}

/** `call.started.v1.retry` is `CallStartedV1Retry`. */
function nameOf(topic: string): string {
  return topic
    .split('.')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');
}
