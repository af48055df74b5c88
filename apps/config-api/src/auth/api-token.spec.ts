import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { drawApiToken, formatApiToken, parseApiToken } from './api-token.js';

describe('an organization token', () => {
  it('is taken apart as it was put together, whatever bytes were drawn', () => {
    for (const bytes of [
      randomBytes,
      (length: number) => Buffer.alloc(length, 0xff),
      (length: number) => Buffer.alloc(length),
    ]) {
      const parts = drawApiToken(bytes);
      expect(formatApiToken(parts)).toMatch(/^lk_live_[A-Za-z0-9-]{16}_[A-Za-z0-9_-]{43}$/);
      expect(parseApiToken(formatApiToken(parts))).toEqual(parts);
    }
  });

  it.each([
    '',
    'lk_live_',
    'lk_test_aaaaaaaaaaaa_' + 'A'.repeat(43),
    'lk_live_short_' + 'A'.repeat(43),
    'lk_live_aaaaaaaaaaaa_short',
  ])('%j is none', (text) => {
    expect(parseApiToken(text)).toBeUndefined();
  });
});
