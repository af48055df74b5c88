import { describe, expect, it, jest } from '@jest/globals';
import type { Consumer, ConsumerRunConfig, EachBatchPayload } from 'kafkajs';
import { KafkaEventConsumer } from './kafka-event.consumer.js';
import type { SliceHandler } from './event-bus.port.js';
import { silentLog } from './log-event.js';
import { until } from './spec-events.js';

type Listener = (event: { payload: object }) => void;

/** The part of kafkajs' consumer that is used, driven by hand. */
function fakeConsumer() {
  const listeners = new Map<string, Listener[]>();
  const calls: string[] = [];
  const note = (name: string) => async (argument?: unknown) =>
    void calls.push(`${name} ${JSON.stringify(argument ?? '')}`);
  let run: ConsumerRunConfig | undefined;
  const consumer = {
    events: { GROUP_JOIN: 'join', REBALANCING: 'rebalancing', CRASH: 'crash', FETCH: 'fetch' },
    on: (event: string, listener: Listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    connect: async () => undefined,
    subscribe: async () => undefined,
    run: async (config: ConsumerRunConfig) => void (run = config),
    pause: note('pause'),
    resume: note('resume'),
    seek: note('seek'),
    commitOffsets: jest.fn(note('commit')),
    disconnect: note('disconnect'),
  };
  const emit = (event: string, payload: object): void =>
    listeners.get(event)!.forEach((listener) => listener({ payload }));
  return {
    consumer,
    calls,
    isRunning: () => run !== undefined,
    join: (memberId: string, partitions: number[]) =>
      emit('join', { memberId, memberAssignment: { 'p.t': partitions } }),
    rebalance: () => emit('rebalancing', {}),
    crash: (restart: boolean) => emit('crash', { error: new Error('planted'), restart }),
    fetched: async (partition: number, from: number, end: number, bytes = 10) => {
      const resolved: string[] = [];
      const value = Buffer.alloc(bytes);
      const messages = Array.from({ length: end - from }, (_, n) => ({
        offset: `${from + n}`,
        value,
        key: null,
        timestamp: '0',
      }));
      const batch = { topic: 'p.t', partition, messages, fetchedOffset: `${from}`, lastOffset: () => `${end - 1}` };
      const rest = {
        resolveOffset: (offset: string) => resolved.push(offset),
        isStale: () => false,
        isRunning: () => true,
      };
      await run!.eachBatch!({ batch, ...rest } as unknown as EachBatchPayload);
      return resolved;
    },
  };
}

async function setUp(onSlice: SliceHandler) {
  const kafka = fakeConsumer();
  const onCrash = jest.fn();
  const subject = new KafkaEventConsumer(kafka.consumer as unknown as Consumer, {
    subscription: { topics: ['t'], group: 'g', onSlice },
    topicPrefix: 'p.',
    drainTimeoutMs: 200,
    onCrash,
    log: silentLog,
  });
  const started = subject.start();
  await until(kafka.isRunning);
  return { ...kafka, subject, onCrash, started };
}

const held = () => {
  const releases: (() => void)[] = [];
  const slices: string[] = [];
  const onSlice: SliceHandler = async (slice) => {
    slices.push(`${slice[0]!.partition}:${slice[0]!.offset}-${slice.at(-1)!.offset}`);
    await new Promise<void>((resolve) => releases.push(resolve));
  };
  return { onSlice, slices, release: () => releases.shift()?.() };
};

describe('the consumer', () => {
  it('is healthy once it is a member of its group, and sick again while kafkajs restarts', async () => {
    const { subject, join, crash, started, onCrash } = await setUp(async () => undefined);
    expect(subject.status()).toMatchObject({ healthy: false });
    join('m', [0]);
    await started;
    expect(subject.status()).toEqual({ healthy: true });
    crash(true);
    expect(subject.status()).toMatchObject({ healthy: false, reason: expect.stringContaining('restarting') });
    join('m2', [0]);
    expect(subject.status()).toEqual({ healthy: true });
    expect(onCrash).not.toHaveBeenCalled();
    await subject.drain();
  });

  it('reports a crash that kafkajs does not mend, and stays sick', async () => {
    const { subject, crash, started, onCrash } = await setUp(async () => undefined);
    crash(false);
    await expect(started).rejects.toMatchObject({ kind: 'unavailable' });
    expect(onCrash).toHaveBeenCalledWith(expect.objectContaining({ message: 'planted' }));
    expect(subject.status()).toMatchObject({ healthy: false, reason: expect.stringContaining('for good') });
    await subject.drain();
  });

  it('lets the fetch loop go on at once, and pauses a partition only while too much of it waits', async () => {
    const { onSlice, release } = held();
    const { subject, calls, join, fetched } = await setUp(onSlice);
    join('m', [0, 1]);
    expect(await fetched(0, 0, 20, 100_000)).toEqual(['19']);
    expect(calls.at(-1)).toBe('pause [{"topic":"p.t","partitions":[0]}]');
    expect(await fetched(1, 0, 5)).toEqual(['4']);
    const releasing = setInterval(release, 1);
    await until(() => calls.at(-1) === 'resume [{"topic":"p.t","partitions":[0]}]');
    await subject.drain();
    clearInterval(releasing);
  });

  it('when it drains, finishes what is in hand, commits exactly that, and only then leaves', async () => {
    const { onSlice, slices, release } = held();
    const { subject, calls, join, fetched } = await setUp(onSlice);
    join('m', [0]);
    await fetched(0, 10, 600);
    await until(() => slices.length === 1);
    const drained = subject.drain();
    expect(await fetched(0, 600, 610)).toEqual([]);
    release();
    await drained;
    expect(slices).toEqual(['0:10-259']);
    expect(calls.slice(-2)).toEqual(['commit [{"topic":"p.t","partition":0,"offset":"260"}]', 'disconnect ""']);
  });

  it('keeps what it holds of partitions that stay its own through a rebalance, and drops the others', async () => {
    const { onSlice, slices, release } = held();
    const { subject, join, rebalance, fetched, calls } = await setUp(onSlice);
    join('m', [0, 1]);
    await Promise.all([fetched(0, 0, 300), fetched(1, 0, 300)]);
    await until(() => slices.length === 2);
    rebalance();
    join('m', [0]);
    expect(await fetched(0, 0, 300)).toEqual(['299']);
    expect(await fetched(1, 300, 310)).toEqual([]);
    release();
    release();
    await until(() => slices.length === 3);
    release();
    await subject.drain();
    expect(slices.sort()).toEqual(['0:0-249', '0:250-299', '1:0-249']);
    expect(calls.filter((call) => call.startsWith('commit')).every((call) => !call.includes('"partition":1'))).toBe(
      true,
    );
  });

  it('forgets everything when it has become another member, and waits for its own last slice of a partition', async () => {
    const { onSlice, slices, release } = held();
    const { subject, join, fetched } = await setUp(onSlice);
    join('m', [0]);
    await fetched(0, 0, 300);
    await until(() => slices.length === 1);
    join('new', [0]);
    await fetched(0, 0, 250);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(slices).toEqual(['0:0-249']);
    release();
    await until(() => slices.length === 2);
    expect(slices[1]).toBe('0:0-249');
    release();
    await subject.drain();
  });

  it('tries again to commit what could not be committed', async () => {
    const { subject, calls, consumer, join, fetched } = await setUp(async () => undefined);
    consumer.commitOffsets.mockRejectedValueOnce(new Error('rebalancing'));
    join('m', [0]);
    await fetched(0, 0, 10);
    await until(() => calls.includes('commit [{"topic":"p.t","partition":0,"offset":"10"}]'));
    const commits = consumer.commitOffsets.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(consumer.commitOffsets.mock.calls.length).toBe(commits);
    await subject.drain();
  });
});
