import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
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
    const { secret, hint } = submitApiKey(' sk-abcdefghijklmnWXYZ ');
    expect(hint).toBe('sk-…WXYZ');
    expect(secret.use(String)).toBe('sk-abcdefghijklmnWXYZ');
    expect(JSON.stringify({ secret })).not.toContain('abcdefgh');
    secret.destroy();
    expect(() => secret.use(String)).toThrow('secret destroyed');
  });
});

describe('the hint of a key', () => {
  it.each([
    ['sk-abcdefghijklmnWXYZ', 'sk-…WXYZ'],
    ['re_abcdefghijklmnWXYZ', 're_…WXYZ'],
    ['sk-abcdefghWXYZ', '…WXYZ'],
    ['abcdefg-WXYZ', '…WXYZ'],
    ['abcdefg-hijklmnopqrstuvwxyz01234WXYZ', 'abcdefg-…WXYZ'],
    ['abcdefg-hijklmnopqrstuvwxyz0123WXYZ', 'abc…WXYZ'],
    ['abcdefgh-ijklmnopqrstuvwxyz01234WXYZ', 'abc…WXYZ'],
    ['0123456789abcdefghijk', '012…hijk'],
    ['abcdefghijk', null],
    ['abcdefghijkl', '…ijkl'],
  ])('of %s is %s', (key, hint) => {
    expect(hintOf(key)).toBe(hint);
  });

  it('shows a third of the key at most', () => {
    const character = fc.constantFrom('-', '_', 'a', 'Z', '0', 'é', '🔑');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 60 }), (characters) => {
        const shown = [...(hintOf(characters.join('')) ?? '').replace('…', '')];
        expect(shown.length).toBeLessThanOrEqual(characters.length / 3);
      }),
    );
  });

  it('is always refused when it is sent back as a key', () => {
    expect(apiKeyProblem(hintOf('sk-abcdefghijklmnWXYZ')!)).toContain('masked');
  });
});
