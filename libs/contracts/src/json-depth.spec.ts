import { describe, expect, it } from '@jest/globals';
import { isNestedTooDeeply, jsonDepthMax } from './json-depth.js';

const lists = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const objects = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));

describe('a JSON value', () => {
  it.each([null, 7, 'text', [], {}, [[], { a: [1] }], lists(jsonDepthMax), objects(jsonDepthMax)])(
    'may be as deep as number %#',
    (value) => expect(isNestedTooDeeply(value)).toBe(false),
  );

  it.each([lists, objects])('is nested too deeply from one level more on', (nested) => {
    expect(isNestedTooDeeply(nested(jsonDepthMax + 1))).toBe(true);
    expect(isNestedTooDeeply({ a: [1, { b: nested(jsonDepthMax) }] })).toBe(true);
    expect(isNestedTooDeeply(nested(3), 3)).toBe(false);
    expect(isNestedTooDeeply(nested(4), 3)).toBe(true);
  });

  it('is judged without a stack for every level', () => {
    expect(isNestedTooDeeply(lists(500_000))).toBe(true);
  });
});
