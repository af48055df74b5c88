import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { componentNames } from '#libs/contracts';
import fc from 'fast-check';
import { decodeHandle, encodeHandle, locatorBytes, tokenBytes } from './handle.codec.js';

const parts = fc.record({
  locator: fc.uint8Array({ minLength: locatorBytes, maxLength: locatorBytes }).map((bytes) => Buffer.from(bytes)),
  component: fc.constantFrom(...componentNames),
  token: fc.uint8Array({ minLength: tokenBytes, maxLength: tokenBytes }).map((bytes) => Buffer.from(bytes)),
});

describe('a handle', () => {
  it('has 66 characters that are safe in an address and in a header, and gives back its parts', () => {
    fc.assert(
      fc.property(parts, (given) => {
        const handle = encodeHandle(given);
        expect(handle).toMatch(/^[A-Za-z0-9_-]{66}$/);
        expect(decodeHandle(handle)).toEqual(given);
      }),
    );
  });

  it('is told from everything that is not exactly one, without an error', () => {
    const handle = encodeHandle({ locator: randomBytes(16), component: 'llm', token: randomBytes(32) });
    const truncated = Array.from(handle, (_, length) => handle.slice(0, length));
    const disguised = [
      `${handle}=`,
      ` ${handle}`,
      `${handle}\n`,
      `${handle}A`,
      `${handle.slice(0, -1)}+`,
      `${handle}!`,
    ];
    for (const text of [...truncated, ...disguised, 'é'.repeat(66)]) expect(decodeHandle(text)).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decodeHandle(text)).toBeUndefined();
      }),
    );
  });

  it('of a component that does not exist is none', () => {
    const bytes = Buffer.from(
      encodeHandle({ locator: randomBytes(16), component: 'stt', token: randomBytes(32) }),
      'base64url',
    );
    for (const number of [componentNames.length, 127, 255]) {
      bytes[locatorBytes] = number;
      expect(decodeHandle(bytes.toString('base64url'))).toBeUndefined();
    }
  });
});
