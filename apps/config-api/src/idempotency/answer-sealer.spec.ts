import { beforeAll, describe, expect, it } from '@jest/globals';
import { cryptoReady, randomSecret } from '#libs/crypto';
import { AnswerSealer } from './answer-sealer.js';
import { drawUuid, repeatableDraw } from './repeatable-draw.js';

const answer = { status: 201, headers: { 'content-type': 'application/json' }, body: '{"api_key":"lk_live_x"}' };

describe('a kept answer', () => {
  let sealer: AnswerSealer;
  beforeAll(async () => {
    await cryptoReady();
    sealer = new AnswerSealer(randomSecret(32));
  });

  it('opens for the request that it answers and for no other', () => {
    const request = { caller: 'token:a', key: 'k', hash: sealer.hashOf(['POST', '/x', 'o', '{}']) };
    const sealed = sealer.seal(request, answer);
    expect(sealed.includes('lk_live_x')).toBe(false);
    expect(sealer.open(request, sealed)).toEqual(answer);
    for (const other of [{ caller: 'token:b' }, { key: 'l' }, { hash: sealer.hashOf(['POST', '/x', 'o', '[]']) }]) {
      expect(() => sealer.open({ ...request, ...other }, sealed)).toThrow('does not open');
    }
  });

  it('is of a request whose hash depends on all that it says and on the service', () => {
    const parts = ['POST', '/x', 'o', '{}'];
    const hashes = [parts, ['POST', '/x', 'o{', '}'], ['POST', '/y', 'o', '{}']].map((said) => sealer.hashOf(said));
    hashes.push(new AnswerSealer(randomSecret(32)).hashOf(parts));
    expect(new Set(hashes.map((hash) => hash.toString('hex'))).size).toBe(4);
  });
});

describe('a repeatable draw', () => {
  beforeAll(cryptoReady);

  it('is the same again from the same seed, and another from another', () => {
    const key = randomSecret(32);
    const drawn = (seed: string): string[] => {
      const draw = repeatableDraw(key, seed);
      return [draw(12), draw(32), draw(32)].map((bytes) => bytes.toString('hex'));
    };
    expect(drawn('a')).toEqual(drawn('a'));
    expect(new Set([...drawn('a'), ...drawn('b')]).size).toBe(6);
  });

  it('makes UUIDs of version 4', () => {
    expect(drawUuid(repeatableDraw(randomSecret(32), 'a'))).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
});
