import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { keyIdOf } from './key-id.js';
import { deriveBytes, keyedHash } from './keyed-hash.js';
import { open } from './seal.js';
import type { RecordType } from './seal-context.js';
import { sealWith } from './seal-with.js';
import { SecretBytes } from './secret-bytes.js';
import { cryptoReady } from './sodium.js';

interface EnvelopeVector {
  name: string;
  key: string;
  keyId: string;
  keyVersion: number;
  recordType: RecordType;
  fields: (string | number)[];
  salt: string;
  nonce: string;
  plaintext: string;
  sealed: string;
}

interface HashVector {
  name: string;
  key: string;
  label: string;
  parts: string[];
  length: number;
}

interface HashVectors {
  keyedHash: (HashVector & { hash: string })[];
  deriveBytes: (HashVector & { derived: string })[];
  keyId: { key: string; purpose: string; keyId: string }[];
}

const envelopes = frozen('envelope-v1.json') as EnvelopeVector[];
const hashes = frozen('hashes-v1.json') as HashVectors;

function frozen(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'));
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function secret(text: string): SecretBytes {
  return SecretBytes.take(hex(text));
}

beforeAll(cryptoReady);

describe('this implementation', () => {
  it.each(envelopes)('seals $name to the frozen bytes and opens them', (vector) => {
    const keyRef = { id: hex(vector.keyId), version: vector.keyVersion };
    const header = { keyRef, salt: hex(vector.salt), nonce: hex(vector.nonce) };
    const sealed = sealWith(secret(vector.key), header, hex(vector.plaintext), vector);
    expect(sealed.toString('hex')).toBe(vector.sealed);
    const opened = open(secret(vector.key), keyRef, hex(vector.sealed), vector);
    expect(opened.use((bytes) => bytes.toString('hex'))).toBe(vector.plaintext);
  });

  it.each(hashes.keyedHash)('hashes $name to the frozen bytes', ({ key, label, parts, length, hash }) => {
    expect(keyedHash(secret(key), label, parts, length).toString('hex')).toBe(hash);
  });

  it.each(hashes.deriveBytes)('derives $name as frozen', ({ key, label, parts, length, derived }) => {
    expect(deriveBytes(secret(key), label, parts, length).toString('hex')).toBe(derived);
  });

  it.each(hashes.keyId)('names a key for $purpose as frozen', ({ key, purpose, keyId }) => {
    expect(keyIdOf(secret(key), purpose).toString('hex')).toBe(keyId);
  });
});

/** A second implementation, written from docs/envelope-format.md with other primitives. */
const fromSpec = {
  typeCodes: {
    'api-key': 1,
    dek: 2,
    'tenant-kek': 3,
    'service-key': 4,
    handle: 5,
    backup: 6,
    'webhook-secret': 7,
    'idempotent-answer': 8,
  },

  field(field: string | number): Buffer {
    if (typeof field === 'number') {
      const integer = Buffer.alloc(9, 2);
      integer.writeBigUInt64BE(BigInt(field), 1);
      return integer;
    }
    const bytes = Buffer.from(field, 'utf8');
    const start = Buffer.alloc(5, 1);
    start.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([start, bytes]);
  },

  fields(fields: (string | number)[]): Buffer {
    return Buffer.concat(fields.map((field) => fromSpec.field(field)));
  },

  prefix(vector: EnvelopeVector): Buffer {
    const keyVersion = Buffer.alloc(4);
    keyVersion.writeUInt32BE(vector.keyVersion);
    const start = Buffer.concat([Buffer.from('LKEY'), Buffer.of(1, 1, fromSpec.typeCodes[vector.recordType], 0)]);
    return Buffer.concat([start, hex(vector.keyId), keyVersion, hex(vector.salt)]);
  },

  keys(vector: EnvelopeVector): { binding: Buffer; subkey: Uint8Array; commitment: Uint8Array } {
    const label = fromSpec.fields(['latchkey/seal/1', vector.recordType]);
    const binding = Buffer.concat([label, fromSpec.prefix(vector), fromSpec.fields(vector.fields)]);
    const derived = blake2b(binding, { key: hex(vector.key), dkLen: 64 });
    return { binding, subkey: derived.subarray(0, 32), commitment: derived.subarray(32) };
  },

  seal(vector: EnvelopeVector): Buffer {
    const { binding, subkey, commitment } = fromSpec.keys(vector);
    const ciphertext = xchacha20poly1305(subkey, hex(vector.nonce), binding).encrypt(hex(vector.plaintext));
    return Buffer.concat([fromSpec.prefix(vector), commitment, hex(vector.nonce), ciphertext]);
  },

  open(vector: EnvelopeVector): Buffer {
    const { binding, subkey, commitment } = fromSpec.keys(vector);
    const sealed = hex(vector.sealed);
    expect(sealed.subarray(0, 44)).toEqual(fromSpec.prefix(vector));
    expect(sealed.subarray(44, 76)).toEqual(Buffer.from(commitment));
    return Buffer.from(xchacha20poly1305(subkey, sealed.subarray(76, 100), binding).decrypt(sealed.subarray(100)));
  },

  hash(key: string, fields: (string | number)[], length: number): Buffer {
    return Buffer.from(blake2b(fromSpec.fields(fields), { key: hex(key), dkLen: length }));
  },
};

describe('a second implementation', () => {
  it.each(envelopes)('seals $name to the same bytes and opens them', (vector) => {
    expect(fromSpec.seal(vector).toString('hex')).toBe(vector.sealed);
    expect(fromSpec.open(vector).toString('hex')).toBe(vector.plaintext);
  });

  it.each(hashes.keyedHash)('hashes $name alike', ({ key, label, parts, length, hash }) => {
    expect(fromSpec.hash(key, ['latchkey/hash/1', label, ...parts], length).toString('hex')).toBe(hash);
  });

  it.each(hashes.deriveBytes)('derives $name alike', ({ key, label, parts, length, derived }) => {
    const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, counter) =>
      fromSpec.hash(key, ['latchkey/derive/1', label, length, ...parts, counter], 64),
    );
    expect(Buffer.concat(blocks).toString('hex', 0, length)).toBe(derived);
  });

  it.each(hashes.keyId)('names a key for $purpose alike', ({ key, purpose, keyId }) => {
    expect(fromSpec.hash(key, ['latchkey/hash/1', 'key-id', purpose], 16).toString('hex')).toBe(keyId);
  });
});
