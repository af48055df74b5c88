import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '#libs/errors';
import { TurnBatch } from './turn-batch.js';

const doubled = (numbers: readonly number[]): Promise<number[]> => Promise.resolve(numbers.map((number) => number * 2));

describe('a batch of one turn', () => {
  it('works once for all that is asked in one turn, and gives everyone their own answers in order', async () => {
    const work = jest.fn(doubled);
    const batch = new TurnBatch(work, 100);
    expect(await Promise.all([batch.ask([1, 2]), batch.ask([3]), batch.ask([])])).toEqual([[2, 4], [6], []]);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('begins to work only after the question was asked', async () => {
    const seen: string[] = [];
    const batch = new TurnBatch((questions: readonly string[]) => {
      seen.push(...questions);
      return Promise.resolve([...questions]);
    }, 100);
    const first = batch.ask(['first']);
    expect(seen).toEqual([]);
    await first;
    await batch.ask(['second']);
    expect(seen).toEqual(['first', 'second']);
  });

  it('does not join beyond its limit', async () => {
    const work = jest.fn(doubled);
    const batch = new TurnBatch(work, 3);
    await Promise.all([batch.ask([1, 2]), batch.ask([3, 4]), batch.ask([5, 6, 7, 8])]);
    expect(work.mock.calls.map(([numbers]) => numbers.length)).toEqual([2, 2, 4]);
  });

  it('lets nobody fail for what a neighbour asked', async () => {
    const batch = new TurnBatch(async (numbers: readonly number[]) => {
      if (numbers.includes(13)) throw new AppError('internal', 'unlucky');
      return doubled(numbers);
    }, 100);
    const [good, bad] = await Promise.allSettled([batch.ask([1]), batch.ask([13])]);
    expect(good).toEqual({ status: 'fulfilled', value: [2] });
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'unlucky' } });
  });

  it('tells everyone at once when nobody can be answered now', async () => {
    const work = jest.fn(() => Promise.reject<number[]>(new AppError('unavailable', 'down')));
    const batch = new TurnBatch(work, 100);
    const outcomes = await Promise.allSettled([batch.ask([1]), batch.ask([2])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(work).toHaveBeenCalledTimes(1);
  });
});

describe('a patient batch', () => {
  const patienceMs = 20;
  let ends: (() => void)[];
  const slow = jest.fn(async (numbers: readonly number[]) => {
    await new Promise<void>((resolve) => ends.push(resolve));
    return doubled(numbers);
  });
  const turns = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const asked = (): number[][] => slow.mock.calls.map(([numbers]) => [...numbers]);

  beforeEach(() => {
    ends = [];
    slow.mockClear();
  });

  it('joins what comes in the next turn, and while two pieces are under way; sends that as soon as one is done', async () => {
    const batch = new TurnBatch(slow, 100, 60_000);
    const answers = [batch.askOne(1)];
    await turns(1);
    answers.push(batch.askOne(2));
    await turns(3);
    answers.push(batch.askOne(3));
    await turns(3);
    expect(asked()).toEqual([[1, 2], [3]]);
    answers.push(batch.askOne(4));
    await turns(3);
    answers.push(batch.askOne(5));
    await turns(3);
    expect(asked()).toHaveLength(2);
    ends.shift()!();
    await turns(1);
    expect(asked()).toEqual([[1, 2], [3], [4, 5]]);
    for (const end of ends) end();
    expect(await Promise.all(answers)).toEqual([2, 4, 6, 8, 10]);
  });

  it('does not wait longer than its patience for work that hangs', async () => {
    const batch = new TurnBatch(slow, 100, patienceMs);
    for (const number of [1, 2, 3]) {
      void batch.askOne(number);
      await turns(3);
    }
    expect(asked()).toEqual([[1], [2]]);
    await new Promise((resolve) => setTimeout(resolve, 3 * patienceMs));
    expect(asked()).toEqual([[1], [2], [3]]);
  });
});
