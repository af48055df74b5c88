import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { ListRefusal, type LiveItem } from '#libs/providers';
import type { StoredKey, StoredKeyReader } from '#libs/resolution';
import { AccountListService } from './account-list.service.js';
import { LiveVoiceLibrary } from './live-voice.library.js';

const slot = { organizationId: 'org', provider: 'elevenlabs' };
const own = [{ id: 'own', name: 'Own' }];

function storedKey(): StoredKey {
  return { version: 1, region: undefined, apiKey: SecretBytes.fromUtf8('k') };
}

function library(
  answer: () => Promise<LiveItem[] | undefined>,
  stored: () => StoredKey | undefined = storedKey,
): LiveVoiceLibrary {
  const storedKeys = { find: async () => stored() } as unknown as StoredKeyReader;
  return new LiveVoiceLibrary(Catalogue.load(), new AccountListService(storedKeys, { list: answer }));
}

describe('the voice library of an organization', () => {
  it('has the voices that the provider lists, and no others', async () => {
    const voices = library(async () => own);
    expect(await voices.find(slot, 'own')).toBe('there');
    expect(await voices.find(slot, 'stranger')).toBe('absent');
  });

  it('need not be asked for the voices that the catalogue knows', () => {
    const voices = library(() => Promise.reject(new Error('asked')));
    expect(voices.isEverywhere('xai', 'ara')).toBe(true);
    expect(voices.isEverywhere('elevenlabs', 'own')).toBe(false);
  });

  it.each<[string, LiveVoiceLibrary]>([
    [
      'there is no own key',
      library(
        async () => own,
        () => undefined,
      ),
    ],
    ['the provider refuses', library(() => Promise.reject(new ListRefusal('why', 'limited')))],
    [
      'the provider is away',
      library(() => Promise.reject(new AppError('unavailable', 'provider_unavailable', { message: 'why' }))),
    ],
  ])('cannot tell when %s', async (_, voices) => {
    expect(await voices.find(slot, 'own')).toEqual({
      unknown: expect.stringMatching(/^(why|You have no usable elevenlabs key.*)$/),
    });
  });

  it.each(['invalid', 'blocked'] as const)('tells of a key that its provider calls %s', async (verdict) => {
    const voices = library(() => Promise.reject(new ListRefusal('why', verdict)));
    expect(await voices.find(slot, 'own')).toEqual({ refused: 'why' });
  });

  it('tells of a provider that lists no voices', async () => {
    expect(await library(async () => undefined).find(slot, 'own')).toBe('unlisted');
  });

  it('does not hide what is wrong on our side', async () => {
    const voices = library(() => Promise.reject(new AppError('unavailable', 'database_unavailable')));
    await expect(voices.find(slot, 'own')).rejects.toMatchObject({ code: 'database_unavailable' });
  });

  it('zeroes every key that it was lent, asked or not', async () => {
    const lent: SecretBytes[] = [];
    const voices = library(
      async () => own,
      () => {
        const key = storedKey();
        lent.push(key.apiKey);
        return key;
      },
    );
    await voices.find(slot, 'own');
    await voices.find(slot, 'own');
    expect(lent).toHaveLength(2);
    for (const key of lent) expect(() => key.use(() => undefined)).toThrow('secret destroyed');
  });
});
