import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OpenedKeyCache } from '#libs/resolution';
import { adminToken, ConfigApiFixture } from './config-api.fixture.js';

jest.setTimeout(60_000);

interface Finding {
  code: string;
  message: string;
}
interface Preflight {
  ready: boolean;
  reasons: string[];
  components: { component: string; source: string | null; reasons: Finding[]; warnings: Finding[] }[];
}

const tts_config = { provider: 'elevenlabs', voice_id: 'anna' };
const anna = [{ id: 'anna', name: 'Anna' }];

let fixture: ConfigApiFixture;
let token: string;
let organizations = 0;

beforeAll(async () => {
  fixture = await ConfigApiFixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  ({ token } = await fixture.createOrganization(`Live ${(organizations += 1)}`));
});

/** Stores a key whose account has these voices, asking the provider about it first. */
async function storeKey(voices: typeof anna, prefix = 'k-', path = '/api/v1/byok'): Promise<string> {
  const apiKey = fixture.plantKey(prefix);
  fixture.providers.setVoices('elevenlabs', apiKey, voices);
  const body = { provider: 'elevenlabs', api_key: apiKey, validate: true };
  const stored = await fixture.call(path.startsWith('/admin') ? adminToken : token, 'POST', path, { body });
  expect(stored.status).toBe(200);
  return apiKey;
}

async function preflight(path = '/api/v1/preflight', body: object = { config: { tts_config } }): Promise<Preflight> {
  const answer = await fixture.call<Preflight>(token, 'POST', path, { body });
  expect(answer.status).toBe(200);
  return answer.body;
}

const codesOf = ({ components }: Preflight): string[] =>
  components.flatMap(({ reasons, warnings }) => [...reasons, ...warnings].map(({ code }) => code));
const voiceRequestsWith = (apiKey: string): string[] =>
  fixture.providers.requestsWith('elevenlabs', apiKey).filter((request) => request.includes('/voices'));

describe('before a call is made', () => {
  it('a voice that is not in the tenant’s own Voice Library is named, and is ready when it has been added', async () => {
    const apiKey = await storeKey([{ id: 'ben', name: 'Ben' }]);
    const body = { name: 'Reception', tts_config };
    const created = await fixture.call<{ assistant: { id: string } }>(token, 'POST', '/api/v1/assistants', { body });
    const path = `/api/v1/assistants/${created.body.assistant.id}/preflight`;
    expect(await preflight(path, {})).toMatchObject({
      ready: false,
      reasons: [expect.stringContaining('tts: The voice anna is not in the voice library of your elevenlabs account')],
    });
    fixture.providers.setVoices('elevenlabs', apiKey, anna);
    await storeKey(anna);
    expect(await preflight(path, {})).toMatchObject({ ready: true, reasons: [] });
  });

  it('a key that lists no voices leaves open whether the voice is there', async () => {
    await storeKey(anna, 'k-limited-');
    const answer = await preflight();
    expect(codesOf(answer)).toEqual(['voice_unchecked']);
    expect(answer.ready).toBe(true);
  });

  it('a key that may not do what the component needs says what it lacks', async () => {
    await storeKey(anna, 'k-limited-');
    const answer = await preflight('/api/v1/preflight', { config: { stt_config: { provider: 'elevenlabs' } } });
    expect(codesOf(answer)).toEqual(['missing_permission']);
    expect(answer.reasons[0]).toContain('speech_to_text');
  });

  it('a key that was stored unchecked is not ready when its provider, asked for voices, does not know it', async () => {
    const body = { provider: 'elevenlabs', api_key: fixture.plantKey('k-invalid-'), validate: false };
    await fixture.call(token, 'POST', '/api/v1/byok', { body });
    const answer = await preflight();
    expect(answer).toMatchObject({ ready: false, reasons: [expect.stringContaining('does not know the key')] });
    expect(codesOf(answer)).toContain('key_refused');
  });

  it('an account without credit is told', async () => {
    await storeKey(anna, 'k-out_of_credit-');
    const answer = await preflight();
    expect(codesOf(answer)).toEqual(['out_of_credit', 'voice_unchecked']);
    expect(answer.ready).toBe(false);
  });

  it('a model that the catalogue does not have is told', async () => {
    await storeKey(anna);
    const config = { tts_config: { ...tts_config, model: 'eleven_0' } };
    expect(codesOf(await preflight('/api/v1/preflight', { config }))).toEqual(['unknown_model']);
  });

  it('the voices of no account are looked up when the key is the platform’s, and it is said whose it is', async () => {
    const platforms = await storeKey([], 'k-', '/admin/v1/platform/byok');
    const own = await storeKey(anna);
    const policy = { fallback: 'when_unusable', expires_at: '2020-01-01T00:00:00Z' };
    await fixture.call(token, 'PUT', '/api/v1/byok/keys/elevenlabs/policy', { body: policy });
    const answer = await preflight();
    expect(answer).toMatchObject({ ready: true, components: [{ source: 'platform' }] });
    expect(answer.components[0]!.warnings).toEqual([
      { code: 'fallback', message: expect.stringContaining('the call would run on the platform') },
      { code: 'voice_unchecked', message: expect.stringContaining("the platform's elevenlabs account") },
    ]);
    expect([own, platforms].flatMap(voiceRequestsWith)).toEqual([]);
  });

  it('never shows a key', () => expect(fixture.leaks()).toEqual([]));
});

describe('a config-api that has stopped', () => {
  it('has no opened key in memory', async () => {
    const stopping = await ConfigApiFixture.start();
    const { id, token: own } = await stopping.createOrganization('Stopped');
    const key = { provider: 'elevenlabs', api_key: stopping.plantKey('k-') };
    await stopping.call(own, 'POST', '/api/v1/byok', { body: key });
    await stopping.call(own, 'POST', '/api/v1/preflight', { body: { config: { tts_config } } });
    const opened = stopping.part(OpenedKeyCache);
    expect(opened.heldVersion(id, 'elevenlabs')).toBe(1);
    await stopping.stop();
    expect(opened.heldVersion(id, 'elevenlabs')).toBeUndefined();
  });
});
