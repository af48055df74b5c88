import { describe, expect, it } from '@jest/globals';
import type { FetchedBatch } from './kafka-partition.js';
import { KafkaPartition } from './kafka-partition.js';
import { silentLog } from './log-event.js';
import { until } from './spec-events.js';

/** A batch fetched from `from` that holds the messages `from` to `end - 1`. */
function batch(from: number, end: number): FetchedBatch {
  const messages = Array.from({ length: end - from }, (_, n) => ({
    offset: String(from + n),
    key: null,
    value: Buffer.from('x'),
    timestamp: '0',
    attributes: 0,
  }));
  const lastOffset = (): string => String(end - 1);
  return { topic: 'p.t', partition: 0, messages, fetchedOffset: String(from), lastOffset } as unknown as FetchedBatch;
}

function setUp() {
  const offsets: number[] = [];
  const onSlice = async (slice: readonly { offset: string }[]): Promise<void> => {
    offsets.push(...slice.map(({ offset }) => Number(offset)));
  };
  const subscription = { topics: ['t'], group: 'g', onSlice };
  const partition = new KafkaPartition('p.t', 0, {
    subscription,
    topicName: 't',
    log: silentLog,
    onProgress: () => undefined,
  });
  return { partition, offsets };
}

const range = (from: number, end: number): number[] => Array.from({ length: end - from }, (_, n) => from + n);

describe('an assigned partition', () => {
  it('leaves out events it has already taken when a rebalance makes them come again', async () => {
    const { partition, offsets } = setUp();
    partition.take(batch(10, 20));
    partition.take(batch(10, 25));
    partition.take(batch(12, 14));
    await until(() => offsets.length === 15);
    expect(offsets).toEqual(range(10, 25));
    expect(partition.uncommitted).toBe(25n);
  });

  it('refuses a batch that would leave a gap: it was fetched before a rebalance', async () => {
    const { partition, offsets } = setUp();
    partition.take(batch(10, 20));
    expect(partition.take(batch(50, 60))).toEqual({ seekTo: '20' });
    expect(partition.take(batch(20, 60))).toBe('taken');
    await until(() => offsets.length === 50);
    expect(offsets).toEqual(range(10, 60));
  });

  it('accepts a gap that is still there when fetched again: the broker has deleted the events', async () => {
    const { partition, offsets } = setUp();
    partition.take(batch(10, 20));
    partition.take(batch(50, 60));
    expect(partition.take(batch(50, 60))).toBe('taken');
    await until(() => offsets.length === 20);
    expect(offsets).toEqual([...range(10, 20), ...range(50, 60)]);
  });

  it('starts over when offsets went back behind what is committed: the group was reset or the topic made anew', async () => {
    const { partition, offsets } = setUp();
    partition.take(batch(10, 20));
    await until(() => partition.uncommitted === 20n);
    partition.setCommitted(20n);
    expect(partition.uncommitted).toBeUndefined();
    partition.take(batch(0, 5));
    await until(() => offsets.length === 15);
    expect(offsets.slice(10)).toEqual(range(0, 5));
    expect(partition.uncommitted).toBe(5n);
  });
});
