import { describe, expect, it } from '@jest/globals';
import { topics } from '#libs/contracts';
import { z } from 'zod';
import { deliver, type DeliveryOptions } from './delivery.js';
import type { ForwardedEvent } from './event.js';
import { MemoryEventBus } from './memory-event.bus.js';
import type { ReceivedEvent } from './received-event.js';
import { collect, newEvent, until } from './spec-events.js';

const topic = topics.callEnded;
const schema = z.object({ call_id: z.string().max(20), kind: z.enum(['a', 'b']).optional() });
type Value = z.infer<typeof schema>;

async function setUp(options: Partial<DeliveryOptions<Value>> = {}) {
  const bus = new MemoryEventBus();
  const dead = collect(bus, topics.callEndedDeadLetter);
  const calls: (readonly ReceivedEvent<Value>[])[] = [];
  const onSlice = deliver(bus, { topic, schema, ...options }, async (events) => {
    calls.push(events);
    return events.map(() => ({ kind: 'done' }));
  });
  await bus.subscribe({ topics: [topic], group: 'g', onSlice });
  return { bus, dead, calls };
}

describe('what is not a valid event becomes a dead letter, with a reason that does not repeat it', () => {
  const secret = 'sk-live-0123456789';
  const raw = (value: Buffer | null, headers: Record<string, string> = {}): ForwardedEvent => ({
    topic,
    original: { key: 'k', value, headers: { ...good, ...headers } },
    headers: {},
  });
  const good = {
    ce_specversion: '1.0',
    ce_id: '1',
    ce_type: topic,
    ce_source: 'x',
    'content-type': 'application/json',
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

  it.each<[string, ForwardedEvent, string, string]>([
    ['no value', raw(null), 'invalid_event', 'the event has no value'],
    ['bad JSON', raw(Buffer.from(`{"${secret}"`)), 'invalid_event', 'the value is not JSON in UTF-8'],
    [
      'bytes that are not UTF-8',
      raw(Buffer.from([0x22, 0xff, 0x22])),
      'invalid_event',
      'the value is not JSON in UTF-8',
    ],
    ['too large a value', raw(Buffer.alloc(300, 'x')), 'event_too_large', 'the value has 300 bytes, 200 are allowed'],
    [
      'deep nesting where nobody looks',
      raw(Buffer.from(`{"call_id":"c","more":${'['.repeat(64)}${']'.repeat(64)}}`)),
      'invalid_event',
      'the value is nested more than 64 levels deep',
    ],
    ['a missing field', raw(json({ [secret]: secret })), 'invalid_event', 'call_id must be string'],
    ['a wrong type', raw(json({ call_id: [secret] })), 'invalid_event', 'call_id must be string'],
    [
      'too long a field',
      raw(json({ call_id: secret + secret })),
      'invalid_event',
      'call_id is above the maximum of 20',
    ],
    [
      'an unknown word',
      raw(json({ call_id: 'c', kind: secret })),
      'invalid_event',
      'kind must be one of 2 known values',
    ],
    ['a value that is no object', raw(json(secret)), 'invalid_event', 'the value must be object'],
    [
      'no id',
      raw(json({ call_id: 'c' }), { ce_id: '' }),
      'invalid_event',
      'header ce_id must have 1 to 256 characters',
    ],
    [
      'another type',
      raw(json({ call_id: 'c' }), { ce_type: secret }),
      'invalid_event',
      'header ce_type must be the name of the topic',
    ],
    [
      'a bad time',
      raw(json({ call_id: 'c' }), { ce_time: secret }),
      'invalid_event',
      'header ce_time must be an RFC 3339 time',
    ],
  ])('%s', async (_, event, code, message) => {
    const { bus, dead, calls } = await setUp({ valueBytesMax: 200 });
    await bus.publish([event, newEvent(topic, 'k', { call_id: 'behind' })]);
    await until(() => dead.length === 1 && calls.length === 1);
    const { 'latchkey-error-code': gotCode, 'latchkey-error-message': gotMessage, ...headers } = dead[0]!.headers;
    expect([gotCode, gotMessage]).toEqual([code, message]);
    expect(headers).toMatchObject({
      'latchkey-original-topic': topic,
      'latchkey-original-offset': '0',
      'latchkey-attempt': '1',
    });
    expect(headers).toMatchObject(event.original.headers);
    expect(dead[0]!.value).toEqual(event.original.value);
    expect(calls[0]!.map(({ value }) => value.call_id)).toEqual(['behind']);
  });

  it('masks names of fields that are not ours', async () => {
    const { bus, dead } = await setUp({ schema: z.record(z.string(), z.number()) as never });
    await bus.publish([raw(json({ [secret]: 'x', ours: 'x' }))]);
    await until(() => dead.length === 1);
    expect(dead[0]!.headers['latchkey-error-message']).toBe('* must be number; ours must be number');
  });

  it('unknown fields are no reason to refuse an event', async () => {
    const { bus, calls } = await setUp();
    await bus.publish([raw(json({ call_id: 'c', from_the_future: { a: [1] } }))]);
    await until(() => calls.length === 1);
    expect(calls[0]![0]!.value).toEqual({ call_id: 'c' });
  });
});
