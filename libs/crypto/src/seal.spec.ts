import { beforeAll, describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import { randomSecret, randomToken } from './random.js';
import { open, seal } from './seal.js';
import type { KeyRef, RecordType, SealContext } from './seal-context.js';
import { SecretBytes } from './secret-bytes.js';
import { cryptoReady } from './sodium.js';

const overhead = 116;
const text = 'an API key of a provider';
const context: SealContext = { recordType: 'api-key', fields: ['organization-1', 'deepgram', 3] };
const keyRef: KeyRef = { id: Buffer.alloc(16, 7), version: 2 };

let key: SecretBytes;
let sealed: Buffer;

beforeAll(async () => {
  await cryptoReady();
  key = randomSecret(32);
  sealed = seal(key, keyRef, Buffer.from(text), context);
});

function opened(record: Buffer, ref = keyRef, under = context): string {
  return open(key, ref, record, under).use((bytes) => bytes.toString());
}

function expectOpenFailed(attempt: () => unknown): void {
  let thrown: unknown;
  try {
    attempt();
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof AppError)) throw new Error('It opened.', { cause: thrown });
  expect([thrown.kind, thrown.code, thrown.cause, thrown.param]).toEqual([
    'internal',
    'open_failed',
    undefined,
    undefined,
  ]);
}

describe('a sealed record', () => {
  it('opens with its key, key reference and context', () => {
    expect(opened(sealed)).toBe(text);
  });

  it.each([0, 1, 15, 16, 17, 5000])('gives back %i bytes exactly, 116 bytes larger while sealed', (length) => {
    const plaintext = randomToken(length);
    const record = seal(key, keyRef, plaintext, context);
    expect(record).toHaveLength(length + overhead);
    expect(open(key, keyRef, record, context).use((bytes) => Buffer.from(bytes))).toEqual(plaintext);
  });

  it('leaves what was sealed to its owner, buffer or secret', () => {
    const plaintext = Buffer.from(text);
    seal(key, keyRef, plaintext, context);
    expect(plaintext.toString()).toBe(text);
    const secret = SecretBytes.fromUtf8(text);
    expect(opened(seal(key, keyRef, secret, context))).toBe(text);
    expect(secret.use((bytes) => bytes.toString())).toBe(text);
  });

  it('is refused when any one bit is flipped', () => {
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const flipped = Buffer.from(sealed);
      flipped[bit >>> 3] = flipped.readUInt8(bit >>> 3) ^ (1 << (bit & 7));
      expectOpenFailed(() => opened(flipped));
    }
  });

  it('is refused when cut anywhere', () => {
    for (let length = 0; length < sealed.length; length += 1) {
      expectOpenFailed(() => opened(sealed.subarray(0, length)));
      expectOpenFailed(() => opened(sealed.subarray(sealed.length - length)));
    }
  });

  it('is refused with one byte more at either end', () => {
    for (const extra of [0, 1, 255]) {
      expectOpenFailed(() => opened(Buffer.concat([sealed, Buffer.from([extra])])));
      expectOpenFailed(() => opened(Buffer.concat([Buffer.from([extra]), sealed])));
    }
  });

  it.each([
    ['another magic', 0, 0x6c],
    ['format version 2', 4, 2],
    ['the reserved suite 2', 5, 2],
    ['an unknown suite', 5, 0],
    ['an unknown record type', 6, 7],
    ['any flag', 7, 1],
  ])('is refused with %s in its header', (_name, offset, value) => {
    const changed = Buffer.from(sealed);
    changed[offset] = value;
    expectOpenFailed(() => opened(changed));
  });

  it.each([
    ['organization', ['organization-2', 'deepgram', 3]],
    ['provider', ['organization-1', 'openai', 3]],
    ['version', ['organization-1', 'deepgram', 4]],
    ['type of a field', ['organization-1', 'deepgram', '3']],
    ['number of fields', ['organization-1', 'deepgram', 3, 0]],
    ['border between fields', ['organization-1d', 'eepgram', 3]],
    ['field that nothing can be sealed under', ['organization-1', 'deepgram', -1]],
  ])('is refused for another %s', (_name, fields) => {
    expectOpenFailed(() => opened(sealed, keyRef, { ...context, fields }));
  });

  it('is refused as any other record type', () => {
    const others: RecordType[] = [
      'dek',
      'tenant-kek',
      'service-key',
      'handle',
      'backup',
      'webhook-secret',
      'idempotent-answer',
    ];
    for (const recordType of others) expectOpenFailed(() => opened(sealed, keyRef, { ...context, recordType }));
  });

  it('is refused as another record type even when the header is changed to say so', () => {
    const changed = Buffer.from(sealed);
    changed[6] = 2;
    expectOpenFailed(() => opened(changed, keyRef, { ...context, recordType: 'dek' }));
  });

  it.each([
    ['another key id', { id: Buffer.alloc(16, 8), version: 2 }],
    ['another key version', { id: Buffer.alloc(16, 7), version: 3 }],
    ['a key id of the wrong length', { id: Buffer.alloc(15, 7), version: 2 }],
    ['a key version out of range', { id: Buffer.alloc(16, 7), version: 2 ** 32 + 2 }],
  ])('is refused for %s', (_name, ref) => {
    expectOpenFailed(() => opened(sealed, ref));
  });

  it('is refused under another key of the same name, or of another length', () => {
    expectOpenFailed(() => open(randomSecret(32), keyRef, sealed, context));
    expectOpenFailed(() => open(randomSecret(31), keyRef, sealed, context));
  });

  it('tells a destroyed key apart from a record that does not open', () => {
    const gone = randomSecret(32);
    gone.destroy();
    const destroyed = expect.objectContaining({ code: 'secret_destroyed' });
    expect(() => open(gone, keyRef, sealed, context)).toThrow(destroyed);
    expect(() => seal(gone, keyRef, Buffer.from(text), context)).toThrow(destroyed);
  });
});

describe('seal', () => {
  it('never repeats a salt, a nonce or a record over 10,000 seals of the same text', () => {
    const records = Array.from({ length: 10_000 }, () => seal(key, keyRef, Buffer.from(text), context));
    const different = (from: number, to: number): number =>
      new Set(records.map((record) => record.toString('hex', from, to))).size;
    expect([different(28, 44), different(44, 76), different(76, 100), different(100, sealed.length)]).toEqual(
      Array(4).fill(10_000),
    );
  });

  it('shows nothing of what was sealed', () => {
    expect(sealed.includes(text.slice(0, 8))).toBe(false);
  });

  it.each([
    ['a key of the wrong length', () => seal(randomSecret(16), keyRef, Buffer.from(text), context), 'bad_key_length'],
    ['a key id of the wrong length', () => seal(key, { id: Buffer.alloc(4), version: 1 }, key, context), 'bad_key_ref'],
    ['a key version below zero', () => seal(key, { ...keyRef, version: -1 }, key, context), 'bad_key_ref'],
    ['a fraction of a key version', () => seal(key, { ...keyRef, version: 0.5 }, key, context), 'bad_key_ref'],
    ['an odd field', () => seal(key, keyRef, key, { ...context, fields: [NaN] }), 'unencodable_field'],
  ])('refuses %s', (_name, attempt, code) => {
    expect(attempt).toThrow(expect.objectContaining({ code }));
  });
});
