import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { KeyResolverClient } from '../support/key-resolver-client.js';

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
const slots = ['deepgram', 'openai', 'elevenlabs', 'xai'] as const;

describe('preflight', () => {
  let deployment: Deployment;
  let admin: ApiClient;
  let resolver: KeyResolverClient;

  beforeAll(async () => {
    deployment = await Deployment.start();
    admin = new ApiClient(deployment.configApis[0]!.url, deployment.adminToken);
    resolver = new KeyResolverClient(deployment.resolvers[0]!.grpcAddress, deployment.serviceToken, 10_000);
  });
  afterAll(async () => {
    resolver.close();
    await deployment.stop();
  });

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
      'llm: No openai key is stored, and the platform has none either: add one with POST /byok.',
      'tts: No elevenlabs key is stored, and the platform has none either: add one with POST /byok.',
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
    for (const unknown of [path('assistants').replace(created.body.assistant.id, randomUUID())]) {
      expect((await api.post(unknown, {})).status).toBe(404);
    }
    expect((await other.api.post(path('assistants'), {})).status).toBe(404);
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

  const policy = fc.record(
    {
      fallback: fc.constantFrom('never', 'when_missing', 'when_unusable', null),
      expires_at: fc.constantFrom('2020-01-01T00:00:00Z', '2099-01-01T00:00:00Z', null),
      allowed_models: fc.constantFrom(['gpt-5.4'], ['none'], null),
      region: fc.constantFrom('eu', null),
      shared: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const slotState = fc.record({
    slot: fc.constantFrom(...slots),
    key: fc.constantFrom('none', 'stored', 'rotated', 'revoked', 'removed'),
    policy,
  });
  const organization = fc.array(slotState, { maxLength: 4 });
  const section = (...providers: string[]) =>
    fc.constantFrom(undefined, null, ...providers.map((provider) => ({ provider })));
  const call = fc.record(
    {
      config: fc.record({
        stt_config: section('deepgram', 'elevenlabs', 'nobody'),
        llm_config: section('openai', 'xai', 'openai_live', 'nobody'),
        tts_config: section('elevenlabs', 'xai'),
        analysis_plan: fc.constantFrom(undefined, {}, { email: 'a@example.com' }),
      }),
      region: fc.constantFrom('eu', 'us'),
    },
    { requiredKeys: ['config'] },
  );

  async function build(api: ApiClient, states: { slot: string; key: string; policy: object }[]): Promise<void> {
    for (const { slot, key, policy: wanted } of states) {
      if (key !== 'none') await storeKey(api, slot);
      if (key === 'rotated') await storeKey(api, slot);
      if (key === 'revoked') await api.post(`/api/v1/byok/keys/${slot}/revoke`);
      if (key === 'removed') await api.delete('/api/v1/byok', { provider: slot });
      if (Object.keys(wanted).length > 0) await api.put(`/api/v1/byok/keys/${slot}/policy`, wanted);
    }
  }

  it('agrees with what a call then gets, for any organization, agency, keys, policies and configuration', async () => {
    for (const slot of ['deepgram', 'openai']) await storeKey(admin, slot, '/admin/v1/platform/byok');
    let readyCount = 0;
    const outcome = fc.asyncProperty(
      organization,
      organization,
      fc.array(call, { minLength: 4, maxLength: 8 }),
      async (own, agencys, calls) => {
        const agency = await admin.createOrganization('Agency');
        const created = await admin.post<{ id: string; api_key: string }>('/api/v1/organizations', {
          name: 'Child',
          parent_org_id: agency.id,
        });
        const api = new ApiClient(admin.baseUrl, created.body.api_key);
        await build(agency.api, agencys);
        await build(api, own);
        for (const { config, region } of calls) {
          const answer = await preflight(api, { config, ...(region && { region }) });
          const resolved = await resolver.resolveCall({
            call_id: randomUUID(),
            organization_id: created.body.id,
            config,
            ...(region && { region }),
          });
          const ofCall = resolved.components.map((component) => ({
            component: component.component,
            source: component.source ?? null,
            secret_id: component.secret_id ?? null,
            version: component.version ?? null,
            fallback_reason: component.fallback_reason ?? null,
            inherited_from: component.inherited_from ?? null,
            reason: component.reason ?? null,
          }));
          const ofPreflight = answer.body.components.map((row) => ({
            component: row.component,
            source: row.source,
            secret_id: row.secret_id,
            version: row.version,
            fallback_reason: row.fallback_reason,
            inherited_from: row.inherited_from,
            reason: row.source === null ? row.reasons[0]!.code : null,
          }));
          expect(ofPreflight).toEqual(ofCall);
          expect(answer.body.ready).toBe(answer.body.components.every(({ ready }) => ready));
          if (ofCall.some(({ reason }) => reason)) expect(answer.body.ready).toBe(false);
          if (answer.body.ready && ofCall.length > 0) readyCount += 1;
        }
      },
    );
    await fc.assert(outcome, { numRuns: 40 });
    expect(readyCount).toBeGreaterThan(3);
  });
});
