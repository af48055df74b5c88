import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomSecret } from './random.js';
import { cryptoReady } from './sodium.js';
import { withSubkey } from './subkey.js';

const zeros = Buffer.alloc(32);
const onPurpose = new Error('thrown on purpose');

beforeAll(cryptoReady);

function lentHalves(afterwards: () => void): { lent: Buffer[]; nonZero: boolean[] } {
  const lent: Buffer[] = [];
  const nonZero: boolean[] = [];
  try {
    withSubkey(randomSecret(32), Buffer.from('binding'), (...halves) => {
      lent.push(...halves);
      nonZero.push(...halves.map((half) => !half.equals(zeros)));
      afterwards();
    });
  } catch (error) {
    if (error !== onPurpose) throw error;
  }
  return { lent, nonZero };
}

describe('withSubkey', () => {
  it.each([
    ['returned', () => undefined],
    [
      'thrown',
      () => {
        throw onPurpose;
      },
    ],
  ])('leaves nothing of subkey and commitment once its user has %s', (_name, afterwards) => {
    expect(lentHalves(afterwards)).toEqual({ lent: [zeros, zeros], nonZero: [true, true] });
  });
});
