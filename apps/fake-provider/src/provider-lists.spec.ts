import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { SecretBytes } from '#libs/crypto';
import type { AppError } from '#libs/errors';
import { baseUrlsFrom, HttpProviderLists, OutboundClient, type ListKind, type ProviderLists } from '#libs/providers';
import { FakeProviderServer } from './fake-provider.server.js';
import type { KeyState } from './key-state.js';

const catalogue = Catalogue.load();
let fake: FakeProviderServer;
let lists: ProviderLists;

beforeAll(async () => {
  fake = await FakeProviderServer.start();
  const client = new OutboundClient({ privateAddresses: true });
  lists = new HttpProviderLists(catalogue, client, { baseUrls: baseUrlsFrom(fake.url), timeoutMs: 1_500 });
});
afterAll(() => fake.close());

const list = (kind: ListKind, slot: string, apiKey = 'sk-key'): ReturnType<ProviderLists['list']> =>
  lists.list(kind, slot, SecretBytes.fromUtf8(apiKey));

describe('a live list', () => {
  it.each([
    ['openai', 'gpt-5.4', 'text-embedding-3-large'],
    ['deepgram', 'nova-3', 'nova-2-general'],
    ['elevenlabs', 'eleven_flash_v2_5', 'eleven_english_sts_v2'],
    ['xai', 'grok-4.3', 'grok-imagine'],
    ['mistral', 'mistral-medium-latest', 'codestral-latest'],
    ['google', 'gemini-3.8-live', 'gemma-4'],
    ['google_vertex', 'gemini-3.5-flash', 'chirp_3'],
  ])('of the models of %s has ids as the catalogue writes them', async (slot, ...ids) => {
    const models = await list('models', slot);
    expect(models?.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  });

  it('of voices is read to its last page, and holds those of the account only', async () => {
    const voices = Array.from({ length: 9 }, (_, index) => ({ id: `own-${index}`, name: `Own ${index}` }));
    fake.setVoices('elevenlabs', 'key-with-nine', voices);
    expect(await list('voices', 'elevenlabs', 'key-with-nine')).toEqual(voices);
    expect(fake.requestsWith('elevenlabs', 'key-with-nine')).toHaveLength(5);
  });

  it('of an empty library is empty', async () => {
    fake.setVoices('elevenlabs', 'key-with-none', []);
    expect(await list('voices', 'elevenlabs', 'key-with-none')).toEqual([]);
  });

  it('that a provider does not have is undefined', async () => {
    expect(await list('voices', 'deepgram')).toBeUndefined();
    expect(await list('models', 'resend')).toBeUndefined();
  });

  it.each<[KeyState, string, string, RegExp]>([
    ['invalid', 'unprocessable', 'provider_refused', /does not know the key/],
    ['limited', 'unprocessable', 'provider_refused', /lacks the permission voices_read/],
    ['out_of_credit', 'unprocessable', 'provider_refused', /credit/],
    ['rate_limited', 'unavailable', 'provider_unavailable', /no more requests/],
    ['slow', 'unavailable', 'provider_unavailable', /in time/],
    ['broken_json', 'unavailable', 'provider_unavailable', /not the list/],
    ['redirect', 'unavailable', 'provider_unavailable', /HTTP 302/],
    ['huge', 'unavailable', 'provider_unavailable', /more than \d+ bytes/],
  ])('with a key that is %s is %s (%s)', async (state, kind, code, message) => {
    fake.set('elevenlabs', `key-${state}`, state);
    const error = await list('voices', 'elevenlabs', `key-${state}`).then(
      () => undefined,
      (reason: AppError) => reason,
    );
    expect(error).toMatchObject({ kind, code, message: expect.stringMatching(message) });
    expect(JSON.stringify([error?.message, error?.details])).not.toContain(`key-${state}`);
  });
});
