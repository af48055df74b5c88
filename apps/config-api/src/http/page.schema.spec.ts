import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { pageQuery } from './page.schema.js';

describe('the size of a page', () => {
  const schema = pageQuery(z.string(), { standard: 20, max: 100 });

  it.each([
    [{}, 20],
    [{ limit: '1' }, 1],
    [{ limit: '100' }, 100],
    [{ limit: '9999' }, 100],
  ])('%j is %i rows', (query, limit) => expect(schema.parse(query).limit).toBe(limit));

  it.each(['0', '-1', '1.5', 'x', '1e400'])('is not %s', (limit) => {
    expect(schema.safeParse({ limit }).success).toBe(false);
  });
});
