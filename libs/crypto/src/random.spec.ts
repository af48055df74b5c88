import { describe, expect, it } from '@jest/globals';
import { randomSecret, randomToken } from './random.js';

describe('randomToken', () => {
  it('never repeats over 20,000 draws that cross the pool many times', () => {
    const drawn = new Set(Array.from({ length: 20_000 }, () => randomToken(16).toString('hex')));
    expect(drawn.size).toBe(20_000);
  });

  it.each([0, 1, 16, 8191, 8192, 8193, 100_000])('gives exactly %i bytes', (byteLength) => {
    expect(randomToken(byteLength)).toHaveLength(byteLength);
  });

  it('hands out no stretch of zeros where the pool was erased', () => {
    for (let draw = 0; draw < 1000; draw += 1) {
      expect(randomToken(100).includes(Buffer.alloc(8))).toBe(false);
    }
  });

  it('keeps what it handed out apart from later draws', () => {
    const token = randomToken(32);
    const before = token.toString('hex');
    for (let draw = 0; draw < 1000; draw += 1) randomToken(32);
    expect(token.toString('hex')).toBe(before);
  });
});

describe('randomSecret', () => {
  it('gives different bytes of the length asked for', () => {
    const [a, b] = [randomSecret(32), randomSecret(32)];
    expect(a.byteLength).toBe(32);
    expect(a.use((left) => b.use((right) => left.equals(right)))).toBe(false);
  });
});
