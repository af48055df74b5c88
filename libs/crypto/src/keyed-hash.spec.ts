import { beforeAll, describe, expect, it } from '@jest/globals';
import { equalConstantTime } from './equal-constant-time.js';
import { deriveBytes, keyedHash } from './keyed-hash.js';
import { randomSecret } from './random.js';
import { cryptoReady } from './sodium.js';

const key = randomSecret(32);

beforeAll(cryptoReady);

describe('keyedHash', () => {
  it('repeats for the same input and has 32 bytes unless told otherwise', () => {
    expect(keyedHash(key, 'label', ['a'])).toEqual(keyedHash(key, 'label', ['a']));
    expect(keyedHash(key, 'label', ['a'])).toHaveLength(32);
    expect(keyedHash(key, 'label', ['a'], 16)).toHaveLength(16);
  });

  it('takes a string for its UTF-8 bytes', () => {
    expect(keyedHash(key, 'label', ['é'])).toEqual(keyedHash(key, 'label', [Buffer.from('é')]));
  });

  it('differs with the key, the label, the borders of the parts and the length', () => {
    const hashed = [
      keyedHash(key, 'label', ['ab', 'c'], 64),
      keyedHash(randomSecret(32), 'label', ['ab', 'c'], 64),
      keyedHash(key, 'labe', ['lab', 'c'], 64),
      keyedHash(key, 'label', ['a', 'bc'], 64),
      keyedHash(key, 'label', ['abc'], 64),
      keyedHash(key, 'label', ['ab', 'c'], 63),
      keyedHash(key, 'label', ['ab', 'c'], 16),
      deriveBytes(key, 'label', ['ab', 'c'], 64),
      deriveBytes(key, 'label', ['ab', 'c'], 65),
    ].map((hash) => hash.toString('hex', 0, 16));
    expect(new Set(hashed).size).toBe(hashed.length);
  });

  it('leaves the parts to their owner', () => {
    const part = Buffer.from('part');
    keyedHash(key, 'label', [part]);
    deriveBytes(key, 'label', [part], 100);
    expect(part.toString()).toBe('part');
  });

  it.each([15, 65, 32.5])('refuses a length of %p', (length) => {
    expect(() => keyedHash(key, 'label', [], length)).toThrow(expect.objectContaining({ code: 'bad_length' }));
  });

  it('refuses a key that has not 32 bytes', () => {
    expect(() => keyedHash(randomSecret(16), 'label', [])).toThrow(expect.objectContaining({ code: 'bad_key_length' }));
  });
});

describe('deriveBytes', () => {
  it.each([0, 1, 63, 64, 65, 112, 1000, 65_536])('gives %i bytes, the same each time', (length) => {
    expect(deriveBytes(key, 'label', ['a'], length)).toHaveLength(length);
    expect(deriveBytes(key, 'label', ['a'], length)).toEqual(deriveBytes(key, 'label', ['a'], length));
  });

  it('never repeats a block', () => {
    const derived = deriveBytes(key, 'label', [], 65_536);
    const blocks = Array.from({ length: 1024 }, (_, block) => derived.toString('hex', block * 64, block * 64 + 64));
    expect(new Set(blocks).size).toBe(1024);
  });

  it.each([-1, 1.5, 65_537])('refuses a length of %p', (length) => {
    expect(() => deriveBytes(key, 'label', [], length)).toThrow(expect.objectContaining({ code: 'bad_length' }));
  });
});

describe('equalConstantTime', () => {
  it('is true for the same bytes only, and does not throw for another length', () => {
    expect(equalConstantTime(Buffer.from('abc'), Buffer.from('abc'))).toBe(true);
    expect(equalConstantTime(Buffer.from('abc'), Buffer.from('abd'))).toBe(false);
    expect(equalConstantTime(Buffer.from('abc'), Buffer.from('abcd'))).toBe(false);
    expect(equalConstantTime(Buffer.alloc(0), Buffer.alloc(0))).toBe(true);
  });
});
