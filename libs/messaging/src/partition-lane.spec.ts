import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { SliceHandler } from './event-bus.port.js';
import type { IncomingEvent } from './event.js';
import { silentLog } from './log-event.js';
import { PartitionLane } from './partition-lane.js';
import { until } from './spec-events.js';

const eventAt = (offset: number, bytes = 10): IncomingEvent => ({
  topic: 't',
  partition: 0,
  offset: String(offset),
  key: null,
  headers: {},
  value: Buffer.alloc(bytes),
  storedAt: '',
});
const eventsTo = (end: number): IncomingEvent[] => Array.from({ length: end }, (_, offset) => eventAt(offset));

function lane(
  onSlice: SliceHandler,
  limits: { sliceEventsMax?: number; sliceBytesMax?: number; after?: Promise<void> } = {},
) {
  const { after, ...sizes } = limits;
  return new PartitionLane({
    subscription: { topics: ['t'], group: 'g', onSlice, ...sizes },
    log: silentLog,
    onProgress: () => undefined,
    backoff: { baseMs: 1, capMs: 4 },
    ...(after && { after }),
  });
}

describe('the lane of a partition', () => {
  it('has one slice at a time in hand, in order, whatever comes meanwhile', async () => {
    const offsets: number[] = [];
    let inHand = 0;
    const subject = lane(
      async (slice) => {
        expect(++inHand).toBe(1);
        await delay(1);
        offsets.push(...slice.map(({ offset }) => Number(offset)));
        inHand -= 1;
      },
      { sliceEventsMax: 7 },
    );
    for (const event of eventsTo(100)) {
      subject.add([event]);
      if (Math.random() < 0.1) await delay(1);
    }
    await until(() => offsets.length === 100);
    expect(offsets).toEqual([...Array(100).keys()]);
    expect(subject.finishedOffset).toBe(100n);
    expect(subject.pendingBytes).toBe(0);
  });

  it('gives an event that is larger than a slice may be a slice of its own', async () => {
    const lengths: number[] = [];
    const subject = lane(async (slice) => void lengths.push(slice.length), { sliceBytesMax: 1000 });
    subject.add([eventAt(0, 5000), eventAt(1), eventAt(2), eventAt(3, 5000)]);
    await until(() => subject.finishedOffset === 4n);
    expect(lengths).toEqual([1, 2, 1]);
  });

  it('moves its finished offset only past slices that succeeded', async () => {
    let failing = true;
    const subject = lane(
      async ([first]) => {
        if (failing && first!.offset === '2') throw new Error('planted');
      },
      { sliceEventsMax: 2 },
    );
    subject.add(eventsTo(6));
    await delay(30);
    expect(subject.finishedOffset).toBe(2n);
    failing = false;
    await until(() => subject.finishedOffset === 6n);
  });

  it('starts after what an earlier lane still has in hand', async () => {
    let finishEarlier = (): void => undefined;
    const slices: number[] = [];
    const after = new Promise<void>((resolve) => (finishEarlier = resolve));
    lane(async (slice) => void slices.push(slice.length), { after }).add(eventsTo(3));
    await delay(20);
    expect(slices).toEqual([]);
    finishEarlier();
    await until(() => slices.length === 1);
  });

  it('when stopped, finishes the slice in hand and forgets the rest', async () => {
    let finish = (): void => undefined;
    const slices: number[] = [];
    const subject = lane(
      async (slice) => {
        slices.push(slice.length);
        await new Promise<void>((resolve) => (finish = resolve));
      },
      { sliceEventsMax: 2 },
    );
    subject.add(eventsTo(6));
    await until(() => slices.length === 1);
    const stopped = subject.stop();
    finish();
    await stopped;
    subject.add([eventAt(6)]);
    await delay(10);
    expect(slices).toEqual([2]);
    expect(subject.finishedOffset).toBe(2n);
  });

  it('when stopped, stops trying a slice that fails', async () => {
    const subject = lane(async () => Promise.reject(new Error('planted')));
    subject.add(eventsTo(1));
    await delay(5);
    await subject.stop();
    expect(subject.finishedOffset).toBeUndefined();
  });
});
