import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';

jest.setTimeout(120_000);

interface Row {
  component: string;
  slot: string | null;
  model: string | null;
  ready: boolean;
  source: string | null;
  secret_id: string | null;
  version: number | null;
  fallback_reason: string | null;
  inherited_from: string | null;
  key_state: string | null;
  without_key: string | null;
  reasons: { code: string; message: string }[];
  warnings: { code: string }[];
}
interface Preflight {
  ready: boolean;
  reasons: string[];
  components: Row[];
}

const pipeline = {
  stt_config: { provider: 'deepgram' },
  llm_config: { provider: 'openai', model: 'gpt-5.4' },
  tts_config: { provider: 'elevenlabs', voice_id: 'v' },
};

describe('preflight', () => {
  let deployment: Deployment;
  let admin: ApiClient;

  beforeAll(async () => {
    deployment = await Deployment.start();
    admin = new ApiClient(deployment.configApis[0]!.url, deployment.adminToken);
  });
  afterAll(() => deployment.stop());

  const storeKey = (api: ApiClient, provider: string, path = '/api/v1/byok') =>
    api.post(path, { provider, api_key: `test-${provider}-${randomUUID()}` });
  const preflight = (api: ApiClient, body: object = {}) =>
    api.post<Preflight>('/api/v1/preflight', { config: pipeline, live: false, ...body });

  it('says what is missing and what to do, and is ready when it is there', async () => {
    const { api } = await admin.createOrganization('Acme');
    await storeKey(api, 'deepgram');
    const before = (await preflight(api)).body;
    expect(before.ready).toBe(false);
    expect(before.components.map(({ component, ready, source }) => [component, ready, source])).toEqual([
      ['stt', true, 'tenant'],
      ['llm', false, null],
      ['tts', false, null],
    ]);
    expect(before.reasons).toEqual([
      'llm: No openai key is stored, and nobody else has one that may be used for this: add your own with POST /byok.',
      'tts: No elevenlabs key is stored, and nobody else has one that may be used for this: add your own with POST /byok.',
    ]);
    await storeKey(api, 'openai');
    await storeKey(api, 'elevenlabs');
    const after = (await preflight(api)).body;
    expect(after).toMatchObject({ ready: true, reasons: [] });
    expect(after.components[1]).toMatchObject({
      model: 'gpt-5.4',
      key_state: 'active',
      without_key: 'no_platform_key',
    });
    expect(after.components[1]!.warnings.map(({ code }) => code)).toEqual(['unverified']);
  });

  it('checks an assistant, with sections of the body in place of its own, and knows no other’s assistant', async () => {
    const { api } = await admin.createOrganization('Acme');
    const other = await admin.createOrganization('Other');
    for (const slot of ['deepgram', 'openai', 'elevenlabs']) await storeKey(api, slot);
    const created = await api.post<{ assistant: { id: string } }>('/api/v1/assistants', { name: 'Anna', ...pipeline });
    const path = (alias: string): string => `/api/v1/${alias}/${created.body.assistant.id}/preflight`;
    for (const alias of ['assistants', 'agents']) {
      expect((await api.post<Preflight>(path(alias), { live: false })).body.ready).toBe(true);
    }
    const overridden = await api.post<Preflight>(path('assistants'), {
      config: { llm_config: { provider: 'xai' } },
      live: false,
    });
    expect(overridden.body.components.map(({ slot, ready }) => [slot, ready])).toEqual([
      ['deepgram', true],
      ['xai', false],
      ['elevenlabs', true],
    ]);
    const unknown = path('assistants').replace(created.body.assistant.id, randomUUID());
    for (const body of [{}, { config: pipeline, live: false }]) {
      expect((await api.post(unknown, body)).status).toBe(404);
      expect((await other.api.post(path('assistants'), body)).status).toBe(404);
    }
  });

  it('is not ready with an assistant that has nothing but a name, or with everything taken away', async () => {
    const { api } = await admin.createOrganization('Acme');
    const created = await api.post<{ assistant: { id: string } }>('/api/v1/assistants', { name: 'Anna' });
    const path = `/api/v1/assistants/${created.body.assistant.id}/preflight`;
    const nothing = { ready: false, components: [], reasons: [expect.stringMatching(/^nothing_configured: /)] };
    expect((await api.post<Preflight>(path, {})).body).toMatchObject(nothing);
    expect((await preflight(api, { config: { llm_config: null } })).body).toMatchObject(nothing);
  });

  it('of a child that has its own key says what its agency would give', async () => {
    const agency = await admin.createOrganization('Agency');
    const body = { name: 'Child', parent_org_id: agency.id };
    const child = await admin.post<{ api_key: string }>('/api/v1/organizations', body);
    const api = new ApiClient(admin.baseUrl, child.body.api_key);
    for (const slot of ['deepgram', 'openai']) await storeKey(api, slot);
    await storeKey(agency.api, 'openai');
    await agency.api.put('/api/v1/byok/keys/openai/policy', { shared: true });
    const { stt_config, llm_config } = pipeline;
    const answer = await preflight(api, { config: { stt_config, llm_config } });
    expect(answer.body.components.map(({ source, without_key }) => [source, without_key])).toEqual([
      ['tenant', 'no_platform_key'],
      ['tenant', 'inherited'],
    ]);
  });

  it('names a model that the policy does not allow, and a region that does not fit', async () => {
    const { api } = await admin.createOrganization('Acme');
    for (const slot of ['deepgram', 'openai', 'elevenlabs']) await storeKey(api, slot);
    await api.put('/api/v1/byok/keys/openai/policy', { allowed_models: ['gpt-5.4-mini'] });
    await api.put('/api/v1/byok/keys/deepgram/policy', { region: 'eu' });
    const { body } = await preflight(api, { region: 'us' });
    expect(body.components.flatMap(({ reasons }) => reasons.map(({ code }) => code))).toEqual([
      'region_mismatch',
      'model_not_allowed',
    ]);
    expect((await preflight(api, { region: 'eu' })).body.reasons).toHaveLength(1);
  });
});
