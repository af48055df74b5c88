import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SecretBytes } from '#libs/crypto';
import { OpenedKeyCache } from './opened-key.cache.js';

const destroyed = expect.objectContaining({ code: 'secret_destroyed' });
const textOf = (secret: SecretBytes | undefined): string | undefined => secret?.use((bytes) => bytes.toString());

describe('OpenedKeyCache', () => {
  let cache: OpenedKeyCache;
  afterEach(() => cache.close());

  const stored = (provider: string, version: number, text = 'sk-opened'): { secret: SecretBytes; bytes: Buffer } => {
    const bytes = Buffer.from(text);
    const secret = SecretBytes.take(bytes);
    cache.set('org', provider, version, secret);
    return { secret, bytes };
  };

  it('gives a key for exactly its slot and version', () => {
    cache = new OpenedKeyCache();
    stored('openai', 2);
    expect(textOf(cache.get('org', 'openai', 2))).toBe('sk-opened');
    expect(cache.heldVersion('org', 'openai')).toBe(2);
    expect(cache.get('org', 'openai', 1)).toBeUndefined();
    expect(cache.get('org', 'openai', 3)).toBeUndefined();
    expect(cache.get('org', 'xai', 2)).toBeUndefined();
    expect(cache.get('other', 'openai', 2)).toBeUndefined();
    expect(cache.heldVersion('other', 'openai')).toBeUndefined();
  });

  it('zeroes the version that another one replaces', () => {
    cache = new OpenedKeyCache();
    const { secret, bytes } = stored('openai', 1);
    stored('openai', 2, 'sk-newer');
    expect(bytes).toEqual(Buffer.alloc(bytes.length));
    expect(() => textOf(secret)).toThrow(destroyed);
    expect(cache.get('org', 'openai', 1)).toBeUndefined();
    expect(textOf(cache.get('org', 'openai', 2))).toBe('sk-newer');
  });

  it('zeroes what falls out because there is no room, but not in the turn in which it was given out', async () => {
    cache = new OpenedKeyCache({ max: 2 });
    const { bytes } = stored('one', 1);
    stored('two', 1);
    const given = cache.get('org', 'one', 1);
    stored('three', 1);
    expect(textOf(given)).toBe('sk-opened');
    await delay(1);
    expect(bytes).toEqual(Buffer.alloc(bytes.length));
    expect(cache.get('org', 'one', 1)).toBeUndefined();
  });

  it('zeroes what is too old although nobody asks for it', async () => {
    cache = new OpenedKeyCache({ ttlMs: 20 });
    const { bytes } = stored('openai', 1);
    for (let tries = 0; tries < 100 && bytes.some((byte) => byte !== 0); tries++) await delay(20);
    expect(bytes).toEqual(Buffer.alloc(bytes.length));
  });

  it('does not become younger by being asked for', async () => {
    cache = new OpenedKeyCache({ ttlMs: 60 });
    stored('openai', 1);
    const giveUpAt = Date.now() + 5_000;
    while (cache.get('org', 'openai', 1) && Date.now() < giveUpAt) await delay(5);
    expect(cache.heldVersion('org', 'openai')).toBeUndefined();
  });

  it('zeroes everything when it is closed', () => {
    cache = new OpenedKeyCache();
    const keys = ['one', 'two', 'three'].map((provider) => stored(provider, 1));
    cache.close();
    for (const { bytes } of keys) expect(bytes).toEqual(Buffer.alloc(bytes.length));
  });
});
