import { describe, expect, it, jest } from '@jest/globals';
import { outcomeId, topics } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { z } from 'zod';
import { deliver, type DeliveryOptions, type EventHandler, type Outcome } from './delivery.js';
import type { OutgoingEvent, PublishableEvent } from './event.js';
import { MemoryEventBus } from './memory-event.bus.js';
import type { ReceivedEvent } from './received-event.js';
import { collect, newEvent, until } from './spec-events.js';

const topic = topics.callEnded;
const schema = z.object({ call_id: z.string() });
type Value = z.infer<typeof schema>;
const done: EventHandler<Value> = async (events) => events.map(() => ({ kind: 'done' }));
const valid = (call_id: string): OutgoingEvent => newEvent(topic, call_id, { call_id });

async function setUp(handler: EventHandler<Value>, options: Partial<DeliveryOptions<Value>> = {}) {
  const bus = new MemoryEventBus();
  const dead = collect(bus, topics.callEndedDeadLetter);
  const calls: (readonly ReceivedEvent<Value>[])[] = [];
  const delivery = { topic, schema, retryBackoff: { baseMs: 5, capMs: 20 }, ...options };
  const onSlice = deliver(bus, delivery, async (events) => {
    calls.push(events);
    return handler(events);
  });
  await bus.subscribe({ topics: [topic, topics.callEndedRetry], group: 'g', onSlice });
  return { bus, dead, calls };
}

describe('an event whose handling fails', () => {
  it('is tried again when that may help, byte for byte the same, and then done', async () => {
    const { bus, dead, calls } = await setUp(async ([first]) => {
      if (first!.attempt < 3) throw new AppError('unavailable', 'database_unavailable');
      return [{ kind: 'done' }];
    });
    const sent = { ...valid('c'), headers: { traceparent: '00-1-2-01' } };
    const retried = collect(bus, topics.callEndedRetry);
    await bus.publish([sent]);
    await until(() => calls.length === 3);
    expect(calls.map(([event]) => event!.attempt)).toEqual([1, 2, 3]);
    expect(new Set(calls.map(([event]) => event!.id))).toEqual(new Set([sent.id]));
    expect(retried.map(({ value }) => value)).toEqual([sent.value, sent.value]);
    expect(retried[1]!.headers).toMatchObject({ traceparent: '00-1-2-01', 'latchkey-original-topic': topic });
    expect(dead).toEqual([]);
  });

  it('waits longer and longer between its tries', async () => {
    const times: number[] = [];
    const handler: EventHandler<Value> = async (events) => {
      times.push(Date.now());
      return events.map(() => ({ kind: 'failed', error: new AppError('unavailable', 'x') }));
    };
    const { bus, dead } = await setUp(handler, { attemptsMax: 4, retryBackoff: { baseMs: 40, capMs: 100 } });
    await bus.publish([valid('c')]);
    await until(() => dead.length === 1);
    const waits = times.slice(1).map((time, n) => time - times[n]!);
    expect(waits.map((wait, n) => wait >= [39, 79, 99][n]!)).toEqual([true, true, true]);
  });

  it('is a dead letter when every try has failed, with the place it came from', async () => {
    const { bus, dead, calls } = await setUp(
      async (events) => events.map(() => ({ kind: 'failed', error: new AppError('unavailable', 'redis_unavailable') })),
      { attemptsMax: 3 },
    );
    await bus.publish([valid('c')]);
    await until(() => dead.length === 1);
    expect(calls).toHaveLength(3);
    expect(dead[0]!.headers).toMatchObject({
      'latchkey-error-code': 'redis_unavailable',
      'latchkey-attempt': '3',
      'latchkey-original-topic': topic,
      'latchkey-original-offset': '0',
    });
  });

  it('is a dead letter at once when trying again is no use', async () => {
    const { bus, dead, calls } = await setUp(async () => [
      { kind: 'failed', error: new AppError('not_found', 'gone') },
    ]);
    await bus.publish([valid('c')]);
    await until(() => dead.length === 1);
    expect(calls).toHaveLength(1);
  });

  it('does no harm to its neighbours when the handler stumbles over it', async () => {
    const { bus, dead, calls } = await setUp(async (events) => {
      if (events.some(({ value }) => value.call_id === 'poison')) throw new TypeError('planted');
      return events.map(() => ({ kind: 'done' }));
    });
    await bus.publish(['a', 'poison', 'b'].map((id) => ({ ...valid(id), key: 'k' })));
    await until(() => dead.length === 1);
    expect(dead[0]!.headers).toMatchObject({
      'latchkey-error-code': 'internal_error',
      'latchkey-original-offset': '1',
    });
    expect(dead[0]!.headers['latchkey-error-message']).not.toContain('planted');
    expect(calls.at(-1)!.map(({ value }) => value.call_id)).toEqual(['b']);
  });

  it('is a dead letter when the handler forgets its outcome', async () => {
    const { bus, dead } = await setUp(async () => []);
    await bus.publish([valid('c')]);
    await until(() => dead.length === 1);
    expect(dead[0]!.headers['latchkey-error-code']).toBe('wrong_outcome_count');
  });

  it('cannot pretend to be a retry by headers of its own', async () => {
    const { bus, calls } = await setUp(done);
    const future = String(Date.now() + 3_600_000);
    await bus.publish([{ ...valid('c'), headers: { 'latchkey-attempt': '8', 'latchkey-retry-at': future } }]);
    await until(() => calls.length === 1);
    expect(calls[0]![0]!.attempt).toBe(1);
  });
});

describe('the outcomes of a slice', () => {
  const answering: EventHandler<Value> = async (events) =>
    events.map(({ id, key }) => ({
      kind: 'done',
      publish: [{ ...newEvent(topics.byokKeyChanged, key!, {}), id: outcomeId(id, topics.byokKeyChanged) }],
    }));

  it('are published together, before the slice counts as finished', async () => {
    const { bus } = await setUp(done);
    const published: (readonly PublishableEvent[])[] = [];
    const onSlice = deliver(bus, { topic, schema }, answering);
    const slice = collect(bus, topics.callEndedDeadLetter);
    await bus.publish([1, 2, 3].map((n) => ({ ...valid(`${n}`), topic: topics.callEndedDeadLetter, key: 'k' })));
    await until(() => slice.length === 3);
    let acknowledge = (): void => undefined;
    jest.spyOn(bus, 'publish').mockImplementation((events) => {
      published.push(events);
      return new Promise((resolve) => (acknowledge = resolve));
    });
    let finished = false;
    const running = onSlice(
      slice.map((event) => ({ ...event, topic })),
      new AbortController().signal,
    ).then(() => (finished = true));
    await until(() => published.length === 1);
    expect(published[0]).toHaveLength(3);
    expect(finished).toBe(false);
    acknowledge();
    await running;
  });

  it('have the same ids when the slice is delivered again', async () => {
    const { bus } = await setUp(answering);
    const answers = collect(bus, topics.byokKeyChanged);
    const event = valid('c');
    await bus.publish([event]);
    await bus.publish([event]);
    await until(() => answers.length === 2);
    expect(answers[0]!.headers['ce_id']).toBe(answers[1]!.headers['ce_id']);
  });

  it('wait for a broker that is away, however long it takes', async () => {
    const { bus, calls } = await setUp(answering);
    const answers = collect(bus, topics.byokKeyChanged);
    const event = valid('c');
    await bus.publish([event]);
    const publish = jest.spyOn(bus, 'publish');
    for (let n = 0; n < 3; n += 1) publish.mockRejectedValueOnce(new AppError('unavailable', 'event_bus_unavailable'));
    await until(() => answers.length === 1);
    expect(calls).toHaveLength(1);
  });

  it('that the broker refuses make a dead letter of their event only', async () => {
    const { bus, dead } = await setUp(async (events) =>
      events.map((event): Outcome => {
        const value = event.value.call_id === 'large' ? 'x'.repeat(1_100_000) : 'small';
        return { kind: 'done', publish: [newEvent(topics.byokKeyChanged, event.key!, value)] };
      }),
    );
    const answers = collect(bus, topics.byokKeyChanged);
    await bus.publish(['a', 'large', 'b'].map((id) => ({ ...valid(id), key: 'k' })));
    await until(() => dead.length === 1 && answers.length === 2);
    expect(dead[0]!.headers).toMatchObject({
      'latchkey-error-code': 'event_too_large',
      'latchkey-original-offset': '1',
    });
  });

  it('of an event that no dead-letter topic takes are a dead letter without its value: the line ends there', async () => {
    const { bus, dead } = await setUp(done);
    const huge = { topic, partition: 0, offset: '7', key: 'k', headers: {}, storedAt: new Date(0).toISOString() };
    const onSlice = deliver(bus, { topic, schema }, done);
    await onSlice([{ ...huge, value: Buffer.alloc(3 * 1024 * 1024, 'x') }], new AbortController().signal);
    await until(() => dead.length === 1);
    expect(dead[0]).toMatchObject({ key: 'k', value: null });
    expect(dead[0]!.headers).toMatchObject({
      'latchkey-error-code': 'event_too_large',
      'latchkey-original-offset': '7',
    });
  });

  it('are not waited for at shutdown: the slice is left to the next consumer', async () => {
    const handler: EventHandler<Value> = async (events) =>
      events.map(() => ({ kind: 'failed', error: new AppError('unavailable', 'x') }));
    const { bus, calls } = await setUp(handler, { retryBackoff: { baseMs: 60_000, capMs: 60_000 } });
    await bus.publish([valid('c')]);
    await until(() => calls.length === 1);
    const startedAt = Date.now();
    await bus.close();
    expect(Date.now() - startedAt).toBeLessThan(1_000);
  });
});
