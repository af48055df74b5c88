import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

interface Item {
  id: string;
  name: string;
  in_catalogue: boolean;
  default: boolean;
  default_for: { component: string; provider: string }[];
  components: string[];
}

interface ListAnswer {
  provider: string;
  live: boolean;
  fetched_at: string | null;
  not_listed: string[];
  models: Item[];
  voices: Item[];
}

let fixture: ConfigApiFixture;
let token: string;
let organizations = 0;

beforeAll(async () => {
  fixture = await ConfigApiFixture.start();
});
afterAll(() => fixture.stop());

async function organizationWith(provider: string, prefix = 'k-'): Promise<string> {
  token = (await fixture.createOrganization(`Lists ${(organizations += 1)}`)).token;
  return storeKey(provider, prefix);
}

async function storeKey(provider: string, prefix = 'k-'): Promise<string> {
  const apiKey = fixture.plantKey(prefix);
  const stored = await fixture.call(token, 'POST', '/api/v1/byok', { body: { provider, api_key: apiKey } });
  expect(stored.status).toBe(200);
  return apiKey;
}

function list(provider: string, kind: 'models' | 'voices'): Promise<Answer<ListAnswer & ErrorBody>> {
  return fixture.call(token, 'GET', `/api/v1/byok/providers/${provider}/${kind}`);
}

describe('the models of a provider', () => {
  it('are those it lists for the own key, with what the catalogue says of them', async () => {
    const apiKey = await organizationWith('openai', 'sk-');
    const { status, body } = await list('openai', 'models');
    expect(status).toBe(200);
    expect(body).toMatchObject({ provider: 'openai', live: true, fetched_at: expect.stringMatching(/Z$/) });
    expect(body.models).toContainEqual({
      id: 'gpt-5.4',
      name: 'GPT-5.4',
      in_catalogue: true,
      default: true,
      default_for: [{ component: 'llm', provider: 'openai' }],
      components: ['llm'],
    });
    expect(body.models).toContainEqual({
      id: 'text-embedding-3-large',
      name: 'text-embedding-3-large',
      in_catalogue: false,
      default: false,
      default_for: [],
      components: [],
    });
    expect(body.not_listed).toContain('gpt-4.1');
    expect(fixture.providers.requestsWith('openai', apiKey)).toEqual(['GET /v1/models']);
  });

  it('are asked for once in a while, and again for another key', async () => {
    const first = await organizationWith('mistral');
    await Promise.all([list('mistral', 'models'), list('mistral', 'models')]);
    await list('mistral', 'models');
    expect(fixture.providers.requestsWith('mistral', first)).toHaveLength(1);
    const second = await storeKey('mistral');
    await list('mistral', 'models');
    expect(fixture.providers.requestsWith('mistral', second)).toHaveLength(1);
  });

  it('are the ones of the catalogue where the provider lists none', async () => {
    await organizationWith('gladia');
    const { body } = await list('gladia', 'models');
    expect(body).toMatchObject({ live: false, fetched_at: null, not_listed: [] });
    expect(body.models).toEqual([
      {
        id: 'solaria-1',
        name: 'Solaria 1',
        in_catalogue: true,
        default: true,
        default_for: [{ component: 'stt', provider: 'gladia' }],
        components: ['stt'],
      },
    ]);
  });
});

describe('the voices of a provider', () => {
  it('are those of the own library, to the last page', async () => {
    const apiKey = await organizationWith('elevenlabs');
    const own = Array.from({ length: 7 }, (_, index) => ({ id: `own-${index}`, name: `Own ${index}` }));
    fixture.providers.setVoices('elevenlabs', apiKey, own);
    const { body } = await list('elevenlabs', 'voices');
    expect(body.voices.map(({ id, name }) => ({ id, name }))).toEqual(own);
    for (const voice of body.voices) expect(voice).toMatchObject({ in_catalogue: true, components: ['tts'] });
  });
});

describe('a live list', () => {
  it('of an unknown provider is refused with the ones that there are', async () => {
    await organizationWith('openai', 'sk-');
    const { details } = expectError(await list('acme', 'models'), 400, 'invalid_request');
    expect(details).toContain('openai');
  });

  it('without an own key says so, also of a provider whose list another organization has seen', async () => {
    await organizationWith('openai', 'sk-');
    await list('openai', 'models');
    await organizationWith('resend', 're_');
    expectError(await list('openai', 'models'), 404, 'no_key');
  });

  it('is gone with the key', async () => {
    await organizationWith('openai', 'sk-');
    await list('openai', 'models');
    await fixture.call(token, 'POST', '/api/v1/byok/keys/openai/revoke');
    expectError(await list('openai', 'models'), 404, 'no_key');
  });

  it('that the provider refuses names what is missing', async () => {
    const apiKey = await organizationWith('elevenlabs');
    fixture.providers.set('elevenlabs', apiKey, 'limited');
    const { message } = expectError(await list('elevenlabs', 'voices'), 422, 'provider_refused');
    expect(message).toContain('voices_read');
  });

  it('that the provider does not give is unavailable, and is asked for again', async () => {
    const apiKey = await organizationWith('elevenlabs');
    fixture.providers.set('elevenlabs', apiKey, 'rate_limited');
    expectError(await list('elevenlabs', 'voices'), 503, 'provider_unavailable');
    fixture.providers.set('elevenlabs', apiKey, 'valid');
    expect((await list('elevenlabs', 'voices')).status).toBe(200);
  });

  it('wants a token', async () => {
    const answer = await fixture.call<ErrorBody>(undefined, 'GET', '/api/v1/byok/providers/openai/models');
    expectError(answer, 401, 'unauthorized');
  });

  it('never shows a key', () => expect(fixture.leaks()).toEqual([]));
});
