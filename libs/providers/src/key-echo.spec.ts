import { describe, expect, it } from '@jest/globals';
import { SecretBytes } from '#libs/crypto';
import { wordsWithoutKey } from './key-echo.js';

describe('words of a provider', () => {
  const key = 'sk-proj-canary0123456789';
  const kept = (...words: string[]): string[] => wordsWithoutKey(words, SecretBytes.fromUtf8(key));

  it('are kept while they tell nothing of the key', () => {
    const permissions = ['api.model.read', 'xi-api-key:read', 'sk-proj', 'a', ''];
    expect(kept(...permissions)).toEqual(permissions);
  });

  it.each([
    ['the key', key],
    ['the key with something around it', `key:${key}.`],
    ['its beginning', key.slice(0, 12)],
    ['its end with something before it', `…${key.slice(-8)}`],
    ['the key with its middle left out', 'sk-proj-***0123456789'],
  ])('are dropped when they are %s', (_, word) => {
    expect(kept('api.model.read', word)).toEqual(['api.model.read']);
  });

  it('are dropped when they hold a short key', () => {
    expect(wordsWithoutKey(['read:k-1', 'read'], SecretBytes.fromUtf8('k-1'))).toEqual(['read']);
  });
});
