import { describe, expect, it } from '@jest/globals';
import { History, type Change, type Reading } from './history.js';

const revokeOf3: Change = { slot: 'a', start: 10, end: 20, deadThrough: 3 };
const reading: Reading = { slot: 'a', start: 21, end: 22, version: 3, how: 'redeem' };

function violationsOf(changes: Change[], readings: Reading[]): number {
  const history = new History();
  history.changes.push(...changes);
  history.readings.push(...readings);
  return history.violations().length;
}

describe('the strictness checker', () => {
  it('reports a reading that began after the change had returned and got the old key', () => {
    expect(violationsOf([revokeOf3], [reading])).toBe(1);
  });

  it('allows the old key to a reading that began before the change had returned', () => {
    expect(violationsOf([revokeOf3], [{ ...reading, start: 19 }])).toBe(0);
    expect(violationsOf([revokeOf3], [{ ...reading, start: 20 }])).toBe(0);
  });

  it('allows a newer key', () => {
    expect(violationsOf([revokeOf3], [{ ...reading, version: 4 }])).toBe(0);
  });

  it('keeps slots apart', () => {
    expect(violationsOf([revokeOf3], [{ ...reading, slot: 'b' }])).toBe(0);
  });

  it('remembers the strongest of all changes that had returned', () => {
    const weaker: Change = { slot: 'a', start: 15, end: 20.5, deadThrough: 1 };
    expect(violationsOf([weaker, revokeOf3], [reading])).toBe(1);
  });
});
