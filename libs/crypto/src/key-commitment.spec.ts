import { xchacha20, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { encodePrefix } from './envelope-header.js';
import { randomSecret, randomToken } from './random.js';
import { open } from './seal.js';
import type { SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';
import { cryptoReady } from './sodium.js';
import { bindingOf, withSubkey } from './subkey.js';

const prime = 2n ** 130n - 5n;
const blockTop = 2n ** 128n;
const context: SealContext = { recordType: 'dek', fields: ['organization-1', 'deepgram', 1] };
const keyRef = { id: Buffer.alloc(16), version: 1 };
const nonce = randomToken(24);
const prefix = encodePrefix(keyRef, 'dek', randomToken(16));
const binding = bindingOf(prefix, context);

interface Derived {
  subkey: Buffer;
  commitment: Buffer;
}

function derive(key: SecretBytes): Derived {
  return withSubkey(key, binding, (subkey, commitment) => ({
    subkey: Buffer.from(subkey),
    commitment: Buffer.from(commitment),
  }));
}

function toInteger(littleEndian: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(littleEndian.toReversed()).toString('hex')}`);
}

function toBytes(value: bigint): Buffer {
  return Buffer.from(Buffer.from(value.toString(16).padStart(32, '0'), 'hex').toReversed());
}

function modulo(value: bigint): bigint {
  return ((value % prime) + prime) % prime;
}

function inverse(value: bigint): bigint {
  let [result, square, exponent] = [1n, modulo(value), prime - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = modulo(result * square);
    square = modulo(square * square);
  }
  return result;
}

/** What a tag is under one subkey, as r and s of Poly1305, and the part of the sum that the ciphertext cannot change. */
function tagEquation(subkey: Buffer): { r: bigint; s: bigint; fixed: bigint } {
  const oneTimeKey = xchacha20(subkey, nonce, new Uint8Array(32));
  const r = toInteger(oneTimeKey.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  const padded = Buffer.concat([binding, Buffer.alloc((16 - (binding.length % 16)) % 16)]);
  const lengths = Buffer.alloc(16);
  lengths.writeUInt32LE(binding.length, 0);
  lengths.writeUInt32LE(32, 8);
  let sum = 0n;
  for (let at = 0; at < padded.length; at += 16) {
    sum = modulo((sum + toInteger(padded.subarray(at, at + 16)) + blockTop) * r);
  }
  const fixed = modulo(sum * r ** 3n + (toInteger(lengths) + blockTop) * r);
  return { r, s: toInteger(oneTimeKey.subarray(16)), fixed };
}

/** Two ciphertext blocks and a tag that Poly1305 accepts under both subkeys: two linear equations, solved. */
function ciphertextForBoth(first: Buffer, second: Buffer): Buffer {
  const [a, b] = [tagEquation(first), tagEquation(second)];
  for (let attempt = 1n; attempt < 10_000n; attempt += 1n) {
    const tag = BigInt.asUintN(128, attempt * 0x9e3779b97f4a7c15f39cc0605cedc835n);
    const [left, right] = [a, b].map(({ s, fixed }) => modulo(BigInt.asUintN(128, tag - s) - fixed)) as [
      bigint,
      bigint,
    ];
    const [a3, a2, b3, b2] = [a.r ** 3n, a.r ** 2n, b.r ** 3n, b.r ** 2n];
    const scale = inverse(a3 * b2 - b3 * a2);
    const x = modulo((left * b2 - right * a2) * scale) - blockTop;
    const y = modulo((a3 * right - b3 * left) * scale) - blockTop;
    if ([x, y].every((block) => block >= 0n && block < blockTop)) {
      return Buffer.concat([toBytes(x), toBytes(y), toBytes(tag)]);
    }
  }
  throw new Error('No solution among 10,000 tags.');
}

describe('key commitment', () => {
  const keys = [randomSecret(32), randomSecret(32)] as const;
  let derived: readonly [Derived, Derived];
  let ciphertext: Buffer;

  beforeAll(async () => {
    await cryptoReady();
    derived = [derive(keys[0]), derive(keys[1])];
    ciphertext = ciphertextForBoth(derived[0].subkey, derived[1].subkey);
  });

  it('is needed: one ciphertext with one tag can be valid under two keys', () => {
    const [first, second] = derived.map(({ subkey }) => xchacha20poly1305(subkey, nonce, binding).decrypt(ciphertext));
    expect(first).toHaveLength(32);
    expect(second).toHaveLength(32);
    expect(first).not.toEqual(second);
  });

  it.each([
    [0, 1],
    [1, 0],
  ] as const)('lets such a record open under key %i, to which it commits, and never under key %i', (own, other) => {
    const record = Buffer.concat([prefix, derived[own].commitment, nonce, ciphertext]);
    expect(open(keys[own], keyRef, record, context).byteLength).toBe(32);
    expect(() => open(keys[other], keyRef, record, context)).toThrow(expect.objectContaining({ code: 'open_failed' }));
  });
});
