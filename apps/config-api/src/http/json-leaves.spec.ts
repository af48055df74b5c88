import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findLeafProblem, storableLeaf } from './json-leaves.js';

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

describe('what can be stored', () => {
  it('is any JSON of whole characters', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false, maxDepth: 5 }), (value) => {
        const problem = findLeafProblem(value, storableLeaf);
        const text = JSON.stringify(value);
        expect(problem === undefined).toBe(!/\\u0000|\\ud[89a-f]/i.test(text));
      }),
    );
  });

  it.each([
    [{ a: { b: ['x', 'y\0'] } }, ['a', 'b', '1']],
    [{ a: '\ud800' }, ['a']],
    [{ a: { 'b\0': 1 } }, ['a']],
    [{ a: Infinity }, ['a']],
    [{ a: nested(40) }, ['a']],
    [{ ['n'.repeat(24)]: '\0' }, ['n'.repeat(24)]],
    [{ 'sk-proj-0123456789abcdefghi': { b: '\0' } }, ['sk-proj-…', 'b']],
    [{ 'sk-proj-0123456789abcdefghi': nested(40) }, ['sk-proj-…']],
  ])('is not %j, and it is said where', (value, path) => {
    expect(findLeafProblem(value, storableLeaf)?.path).toEqual(path);
  });

  it('is found out without a stack for every level', () => {
    expect(findLeafProblem(nested(100_000), storableLeaf)?.message).toBe('is nested more than 32 levels deep');
  });
});
