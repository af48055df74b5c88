import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually, Orchestrator, resolvedOf } from '../e2e/orchestrator.js';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { KeyResolverClient } from '../support/key-resolver-client.js';

jest.setTimeout(60_000);

const config = {
  stt_config: { provider: 'deepgram', model: 'nova-3' },
  llm_config: { provider: 'openai', model: 'gpt-5.4' },
  tts_config: { provider: 'elevenlabs', model: 'eleven_flash_v2_5', voice_id: 'v' },
};

/** A child with a key of its own, an agency that shares one, and the platform with the third that a call needs. */
describe('when keys were last used', () => {
  let deployment: Deployment;
  let orchestrator: Orchestrator;
  let resolver: KeyResolverClient;
  let admin: ApiClient;
  let agency: { id: string; api: ApiClient };
  let child: { id: string; api: ApiClient };

  beforeAll(async () => {
    deployment = await Deployment.start();
    orchestrator = await Orchestrator.listen(deployment);
    resolver = new KeyResolverClient(deployment.resolvers[0]!.grpcAddress, deployment.serviceToken, 10_000);
    admin = new ApiClient(deployment.configApis[0]!.url, deployment.adminToken);
    agency = await admin.createOrganization('Agency');
    child = await agency.api.createOrganization('Child');
    const storeKey = (api: ApiClient, provider: string, path = '/api/v1/byok') =>
      api.post(path, { provider, api_key: `test-${provider}-${randomUUID()}` });
    await storeKey(child.api, 'deepgram');
    await storeKey(agency.api, 'openai');
    await agency.api.put('/api/v1/byok/keys/openai/policy', { shared: true });
    await storeKey(admin, 'elevenlabs', '/admin/v1/platform/byok');
    await storeKey(admin, 'xai', '/admin/v1/platform/byok');
  });
  afterAll(async () => {
    resolver.close();
    await orchestrator.close();
    await deployment.stop();
  });

  const lastUsed = async (api: ApiClient, provider: string, path = '/api/v1/byok'): Promise<string | null> => {
    const { body } = await api.get<{ last_used: string | null }>(`${path}/keys/${provider}`);
    return body.last_used;
  };
  /** Of the child's own key, the agency's and the platform's. */
  const lastUses = (): Promise<(string | null)[]> =>
    Promise.all([
      lastUsed(child.api, 'deepgram'),
      lastUsed(agency.api, 'openai'),
      lastUsed(admin, 'elevenlabs', '/admin/v1/platform/byok'),
    ]);
  const callOf = (organizationId: string) => ({ call_id: randomUUID(), organization_id: organizationId, config });

  it('nobody’s key was, before the first call: a preflight is none', async () => {
    await child.api.post('/api/v1/preflight', { config, live: false });
    expect(await lastUses()).toEqual([null, null, null]);
  });

  it.each(['Kafka', 'gRPC'])(
    'a call over %s counts for the owner of each key: the organization, its agency, the platform',
    async (transport) => {
      const call = callOf(child.id);
      const answer = transport === 'Kafka' ? await orchestrator.startCall(call) : await resolver.resolveCall(call);
      const { resolved_at: at } = answer as { resolved_at: string };
      const sources = ['stt', 'llm', 'tts'].map((name) => resolvedOf(answer as never, name).source);
      expect(sources).toEqual(['tenant', 'inherited', 'platform']);
      await eventually('the uses are written', async () => (await lastUses()).every((used) => used === at));
      const { body } = await child.api.get<{ keys: { provider: string; last_used: string | null }[] }>(
        '/api/v1/byok/keys',
      );
      const used = body.keys.filter((row) => row.last_used !== null);
      expect(used).toMatchObject([{ provider: 'deepgram', last_used: at }]);
    },
  );

  it('a component that got no key is no use of one', async () => {
    await child.api.post('/api/v1/byok/keys/deepgram/revoke');
    const [before] = await lastUses();
    await resolver.resolveCall(callOf(child.id));
    await eventually('the other uses are written', async () => (await lastUses())[1]! > before!);
    expect(await lastUsed(child.api, 'deepgram')).toBe(before);
  });

  it('a resolver that stops writes what it has not written yet', async () => {
    const answer = await resolver.resolveCall(callOf(agency.id));
    await deployment.resolvers[0]!.app.stop();
    expect(await lastUsed(agency.api, 'openai')).toBe((answer as unknown as { resolved_at: string }).resolved_at);
  });
});
