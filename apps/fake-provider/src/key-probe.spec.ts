import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { SecretBytes } from '#libs/crypto';
import { baseUrlsFrom, httpProviders, type KeyVerdict, type ProviderPorts } from '#libs/providers';
import { FakeProviderServer } from './fake-provider.server.js';
import type { KeyState } from './key-state.js';

const catalogue = Catalogue.load();
const canary = 'canary0123456789';
/** Of those who do not wait for a provider that does not answer. */
const impatientMs = 200;
let fake: FakeProviderServer;
let providers: ProviderPorts;
let impatient: ProviderPorts;

beforeAll(async () => {
  fake = await FakeProviderServer.start();
  const options = { baseUrls: baseUrlsFrom(fake.url), privateAddresses: true };
  providers = httpProviders(catalogue, options);
  impatient = httpProviders(catalogue, { ...options, timeoutMs: impatientMs });
});
afterAll(() => fake.close());

function probe(slot: string, state: KeyState): Promise<KeyVerdict> {
  const apiKey = `${slot}-${canary}-${state}`;
  fake.set(slot, apiKey, state);
  const { keyProber } = state === 'slow' ? impatient : providers;
  return keyProber.probe(slot, SecretBytes.fromUtf8(apiKey));
}

/** What the contract says of each provider, and the general rules where it says nothing. */
const verdictOf: Record<string, Partial<Record<KeyState, string>>> = {
  deepgram: { blocked: 'invalid' },
  openai: {},
  elevenlabs: { blocked: 'invalid' },
  inworld: { blocked: 'invalid', limited: 'unverified' },
  resend: { blocked: 'invalid' },
  xai: {},
  gladia: { blocked: 'invalid', limited: 'unverified' },
  mistral: { blocked: 'invalid', limited: 'unverified' },
  google: {},
  google_vertex: {},
};
const usually: Record<KeyState, string> = {
  valid: 'valid',
  limited: 'limited',
  invalid: 'invalid',
  blocked: 'blocked',
  out_of_credit: 'out_of_credit',
  rate_limited: 'rate_limited',
  slow: 'unreachable',
  broken_json: 'unverified',
  redirect: 'unverified',
  huge: 'unverified',
};

describe.each(catalogue.slots.map(({ id }) => id))('a key of %s', (slot) => {
  it.each(Object.entries({ ...usually, ...verdictOf[slot] }) as [KeyState, string][])(
    'that is %s has the verdict %s',
    async (state, verdict) => {
      const found = await probe(slot, state);
      expect(found.verdict).toBe(verdict);
      expect(Object.keys(found.capabilities)).toEqual(catalogue.componentsOf(slot));
      expect(found.detail).toMatch(/^\S[^\n]+\.$/);
      expect(JSON.stringify(found)).not.toContain(canary);
    },
  );
});

describe('a verdict', () => {
  it('on every provider of the catalogue is known', () => {
    expect(catalogue.slots.map(({ id }) => id).sort()).toEqual(Object.keys(verdictOf).sort());
  });

  it('of a valid key is good for every component', async () => {
    for (const { id } of catalogue.slots) {
      const { capabilities } = await probe(id, 'valid');
      expect([id, ...new Set(Object.values(capabilities))]).toEqual([id, 'ok']);
    }
  });

  it('of a bad key is good for nothing', async () => {
    expect((await probe('xai', 'blocked')).capabilities).toEqual({
      llm: 'missing',
      tts: 'missing',
      postcall_llm: 'missing',
    });
    expect((await probe('resend', 'invalid')).capabilities).toEqual({ email: 'missing' });
  });

  it('that is uncertain says nothing of the components', async () => {
    expect((await probe('resend', 'slow')).capabilities).toEqual({ email: 'unknown' });
    expect((await probe('elevenlabs', 'out_of_credit')).capabilities.tts).toBe('unknown');
  });

  it('names when to ask again', async () => {
    expect(await probe('openai', 'rate_limited')).toMatchObject({ retryAfterSeconds: 7 });
  });

  it.each<[string, Partial<KeyVerdict>]>([
    [
      'openai',
      {
        capabilities: { llm: 'missing', postcall_llm: 'missing' },
        missingPermissions: ['api.model.read', 'model.request'],
        detail: 'The key is real, but lacks what llm, postcall_llm needs.',
      },
    ],
    [
      'elevenlabs',
      {
        capabilities: { stt: 'missing', tts: 'ok', postcall_stt: 'missing' },
        missingPermissions: ['user_read', 'speech_to_text'],
      },
    ],
    ['deepgram', { capabilities: { stt: 'missing', postcall_stt: 'missing' }, missingPermissions: ['usage:write'] }],
    ['resend', { capabilities: { email: 'ok' }, missingPermissions: ['full_access'] }],
    [
      'xai',
      {
        capabilities: { llm: 'missing', tts: 'unknown', postcall_llm: 'missing' },
        missingPermissions: ['api-key:endpoint:*'],
      },
    ],
  ])('on a limited key of %s names what is missing and for what', async (slot, expected) => {
    expect(await probe(slot, 'limited')).toMatchObject({ verdict: 'limited', ...expected });
  });

  it('is told to whoever counts', async () => {
    const counted: string[] = [];
    const { keyProber } = httpProviders(catalogue, {
      baseUrls: baseUrlsFrom(fake.url),
      privateAddresses: true,
      onVerdict: (slot, verdict) => counted.push(`${slot} ${verdict}`),
    });
    await keyProber.probe('resend', SecretBytes.fromUtf8('re_invalid_1'));
    expect(counted).toEqual(['resend invalid']);
  });

  it('is unreachable where private addresses are not allowed, and nothing is sent there', async () => {
    const { keyProber } = httpProviders(catalogue, { baseUrls: baseUrlsFrom(fake.url) });
    const found = await keyProber.probe('openai', SecretBytes.fromUtf8('sk-never-sent'));
    expect(found).toMatchObject({ verdict: 'unreachable', detail: expect.stringContaining('loopback') });
    expect(fake.requestsWith('openai', 'sk-never-sent')).toEqual([]);
  });

  it('on a key that no header can carry is invalid without asking', async () => {
    const found = await providers.keyProber.probe('openai', SecretBytes.fromUtf8('sk-ключ'));
    expect(found.verdict).toBe('invalid');
  });
});

describe('the key', () => {
  it('leaves in its header only, never in an address', async () => {
    for (const { id } of catalogue.slots) {
      await probe(id, 'valid');
      const requests = fake.requestsWith(id, `${id}-${canary}-valid`);
      expect(requests.length).toBeGreaterThan(0);
      expect(requests.join(' ')).not.toContain(canary);
    }
  });

  it('stays with the caller', async () => {
    const apiKey = SecretBytes.fromUtf8('sk-still-here');
    await providers.keyProber.probe('openai', apiKey);
    expect(apiKey.use((bytes) => bytes.toString())).toBe('sk-still-here');
  });
});
