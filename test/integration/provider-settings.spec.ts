import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

jest.setTimeout(60_000);

interface Settings {
  byok_config: Record<string, object>;
}

/**
 * Slot, name, category, and the models of its main use, the default first: part 3 of the contract by hand. The default of
 * Google's realtime llm runs on another slot than these models.
 */
const listed = [
  ['deepgram', 'Deepgram', 'stt', 'nova-3 nova-3-general'],
  [
    'openai',
    'OpenAI',
    'llm',
    'gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.2 gpt-5.1 gpt-5 gpt-5-mini gpt-5-nano gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-5.6-luna gpt-5.6-terra gpt-5.6-sol gpt-4o-mini gpt-4o gpt-live-1',
  ],
  [
    'elevenlabs',
    'ElevenLabs',
    'tts',
    'eleven_flash_v2_5 eleven_v4_turbo eleven_v4 eleven_v3 eleven_multilingual_v2 eleven_turbo_v2_5',
  ],
  ['inworld', 'Inworld', 'tts', 'inworld-tts-2 inworld-tts-2-flash inworld-tts-1.5-max inworld-tts-1.5-mini'],
  ['resend', 'Resend', 'email', ''],
  ['xai', 'xAI', 'llm', 'grok-4.3 grok-voice-think-fast-2.0'],
  ['gladia', 'Gladia', 'stt', 'solaria-1'],
  [
    'mistral',
    'Mistral AI',
    'llm',
    'mistral-medium-latest mistral-small-latest mistral-large-latest ministral-8b-latest ministral-14b-latest ministral-3b-latest',
  ],
  [
    'google',
    'Google Gemini API',
    'llm',
    'gemini-3.1-flash-live-preview gemini-3.8-live gemini-2.5-flash-native-audio-preview-12-2025',
  ],
  [
    'google_vertex',
    'Google Vertex AI',
    'llm',
    'gemini-3.5-flash-lite gemini-3.5-flash gemini-2.5-flash-lite gemini-2.5-flash gemini-live-2.5-flash-native-audio',
  ],
] as const;

describe('/byok/config', () => {
  let api: ConfigApiFixture;
  let acme: { id: string; token: string };

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    acme = await api.createOrganization('Acme');
    for (const [provider, prefix] of [
      ['openai', 'sk-'],
      ['deepgram', 'dg'],
    ]) {
      const body = { provider, api_key: api.plantKey(prefix!), validate: false };
      await api.call(acme.token, 'POST', '/api/v1/byok', { body });
    }
  });
  afterAll(() => api.stop());

  const merge = <T = Settings>(provider: string, config: unknown): Promise<Answer<T>> =>
    api.call<T>(acme.token, 'POST', '/api/v1/byok/config', { body: { provider, config } });
  const refused = async (provider: string, config: unknown, status = 400): Promise<ErrorBody> =>
    expectError(await merge<ErrorBody>(provider, config), status, status === 404 ? 'not_found' : 'invalid_request');
  const epochs = (): Promise<unknown> => api.dataSource.query('SELECT provider, epoch FROM key_slot ORDER BY provider');

  it('lists every provider with its models, of which one is the default, and what else runs on its key', async () => {
    const answer = await api.call(acme.token, 'GET', '/api/v1/byok/config');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      providers: listed.map(([id, name, category, models]) => ({
        id,
        name,
        category,
        docsUrl: expect.stringMatching(/^https:\/\//),
        models: (models === '' ? [] : models.split(' ')).map((model, index) => ({
          id: model,
          name: expect.stringMatching(/\S/),
          ...(index === 0 && id !== 'google' && { default: true }),
        })),
        offerings: expect.arrayContaining([expect.objectContaining({ component: category })]),
      })),
    });
  });

  it('merges settings field by field and answers those of all providers, without a new epoch', async () => {
    const before = await epochs();
    const nothing = Object.fromEntries(listed.map(([id]) => [id, {}]));
    const first = await merge('openai', { base_url: 'https://eu.example.com', limits: { rpm: 5 }, organization: null });
    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      byok_config: { ...nothing, openai: { base_url: 'https://eu.example.com', limits: { rpm: 5 } } },
    });
    await merge('deepgram', { tier: 'nova', max_tokens: 100, token: '' });
    const second = await merge('openai', { base_url: null, limits: { tpm: 9 }, tier: 1 });
    expect(second.body.byok_config).toEqual({
      ...nothing,
      openai: { limits: { tpm: 9 }, tier: 1 },
      deepgram: { tier: 'nova', max_tokens: 100, token: '' },
    });
    expect(await epochs()).toEqual(before);
  });

  it('loses no field when several are merged at once', async () => {
    const fields = Array.from({ length: 8 }, (_, index) => `field_${index}`);
    await Promise.all(fields.map((field) => merge('deepgram', { [field]: true })));
    const { body } = await merge('deepgram', {});
    expect(body.byok_config.deepgram).toMatchObject(Object.fromEntries(fields.map((field) => [field, true])));
  });

  it('is 404 without a stored key, and 400 for a provider that does not exist', async () => {
    expect(await refused('xai', { tier: 1 }, 404)).toMatchObject({ param: 'provider' });
    expect(await refused('nobody', { tier: 1 })).toMatchObject({ param: 'provider' });
    await api.call(acme.token, 'POST', '/api/v1/byok/keys/deepgram/revoke');
    expect(await refused('deepgram', { tier: 1 }, 404)).toMatchObject({ param: 'provider' });
  });

  it('stores nothing that looks like a key, wherever it stands, and does not repeat it', async () => {
    const key = api.plantKey('sk-');
    expect(await refused('openai', { base_url: key })).toMatchObject({ param: 'config.base_url' });
    expect(await refused('openai', { a: { b: [`  ${key} `] } })).toMatchObject({ param: 'config.a.b.0' });
    expect(await refused('openai', { [key]: 1 })).toMatchObject({ param: 'config' });
    expect(await refused('openai', { header: `Bearer ${key}` })).toMatchObject({ param: 'config.header' });
    expect(await refused('openai', { digest: 'ab'.repeat(20) })).toMatchObject({ param: 'config.digest' });
    expect(await refused('openai', { apiKey: 'short' })).toMatchObject({ param: 'config.apiKey' });
    const [stored] = await api.dataSource.query<{ found: boolean }[]>(
      `SELECT bool_or(config::text LIKE '%canary%') AS found FROM key_slot`,
    );
    expect(stored).toEqual({ found: false });
  });

  it.each([[7], ['text'], [[1]], [null], [undefined]])('refuses settings that are %j', async (config) => {
    const answer = await merge<ErrorBody>('openai', config);
    expectError(answer, 400, config === undefined ? 'missing_field' : 'invalid_request');
  });

  it('has a bounded size, also when it grows by merging', async () => {
    const text = 'x'.repeat(9 * 1024);
    expect((await merge('openai', { a: text })).status).toBe(200);
    expect(await refused('openai', { b: text })).toMatchObject({ param: 'config' });
    expect(await refused('openai', { nul: 'a\0b' })).toMatchObject({ param: 'config.nul' });
  });

  it('shows no key in any answer, log line or event', () => expect(api.leaks()).toEqual([]));
});
