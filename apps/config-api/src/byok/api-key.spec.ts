import { describe, expect, it } from '@jest/globals';
import { apiKeyProblem, hintOf, submitApiKey } from './api-key.js';

describe('an API key that is handed in', () => {
  it.each(['sk-proj-AbCd1234', 're_123456789', 'a'.repeat(512), ' sk-trimmed-key\n', 'é'.repeat(256)])(
    '%j is taken',
    (key) => {
      expect(apiKeyProblem(key)).toBeUndefined();
    },
  );

  it.each([
    '',
    ' \t',
    'sk-…AbCd',
    'sk-...AbCd',
    'sk-***AbCd',
    'sk-••••AbCd',
    'sk a',
    'sk\ta',
    'sk\u00a0a',
    'sk\u0000a',
    'sk\u200ba',
    'a'.repeat(513),
    'é'.repeat(257),
  ])('%j is refused', (key) => {
    expect(apiKeyProblem(key)).toMatch(/\S/);
  });

  it('a problem never repeats the key', () => {
    expect(apiKeyProblem('sk-secret inside')).not.toContain('secret');
  });

  it('is trimmed and out of sight afterwards', () => {
    const { secret, hint } = submitApiKey(' sk-abcdefghWXYZ ');
    expect(hint).toBe('sk-…WXYZ');
    expect(secret.use(String)).toBe('sk-abcdefghWXYZ');
    expect(JSON.stringify({ secret })).not.toContain('abcdefgh');
    secret.destroy();
    expect(() => secret.use(String)).toThrow('secret destroyed');
  });
});

describe('the hint of a key', () => {
  it.each([
    ['sk-abcdefghWXYZ', 'sk-…WXYZ'],
    ['re_abcdefghWXYZ', 're_…WXYZ'],
    ['abcdefg-hijkWXYZ', 'abcdefg-…WXYZ'],
    ['abcdefgh-ijkWXYZ', 'abc…WXYZ'],
    ['0123456789abcdef', '012…cdef'],
    ['abcdefghijk', null],
    ['abcdefghijkl', 'abc…ijkl'],
  ])('of %s is %s', (key, hint) => {
    expect(hintOf(key)).toBe(hint);
  });

  it('is always refused when it is sent back as a key', () => {
    expect(apiKeyProblem(hintOf('sk-abcdefghWXYZ')!)).toContain('masked');
  });
});
