import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeFields, type Field } from './field-encoding.js';

const anyFields = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.nat(300),
    fc.maxSafeNat(),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  ),
  { maxLength: 5 },
);

/** Reads the encoding back as docs/envelope-format.md describes it. */
function decode(encoded: Buffer): (string | number)[] {
  const fields: (string | number)[] = [];
  let at = 0;
  while (at < encoded.length) {
    if (encoded.readUInt8(at) === 2) {
      fields.push(Number(encoded.readBigUInt64BE(at + 1)));
      at += 9;
    } else {
      const end = at + 5 + encoded.readUInt32BE(at + 1);
      fields.push(`bytes:${encoded.toString('hex', at + 5, end)}`);
      at = end;
    }
  }
  return fields;
}

function asDecoded(field: Field): string | number {
  return typeof field === 'number' ? field : `bytes:${Buffer.from(field).toString('hex')}`;
}

describe('encodeFields', () => {
  it('can be read back, so two different lists never encode alike', () => {
    fc.assert(fc.property(anyFields, (fields) => expect(decode(encodeFields(fields))).toEqual(fields.map(asDecoded))));
  });

  it('tells lists apart that join to the same text', () => {
    const lists = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], ['1'], [1], []];
    const encoded = lists.map((fields) => encodeFields(fields).toString('hex'));
    expect(new Set(encoded).size).toBe(lists.length);
  });

  it('leaves the room asked for in front', () => {
    expect(encodeFields(['a'], 7).subarray(7)).toEqual(encodeFields(['a']));
  });

  it.each([-1, 1.5, NaN, Infinity, 2 ** 53])('refuses %p, which has no exact place in 64 bits', (value) => {
    expect(() => encodeFields([value])).toThrow(expect.objectContaining({ code: 'unencodable_field' }));
  });

  it('refuses half a surrogate pair, which would encode like any other half', () => {
    expect(() => encodeFields(['a\ud800'])).toThrow(expect.objectContaining({ code: 'unencodable_field' }));
    expect(encodeFields(['a\u{1f511}'])).toHaveLength(10);
  });
});
