import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { callKeysResolvedSchema, keyChangedSchema, type CallKeysResolved } from '#libs/contracts';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { KeyResolverClient } from '../support/key-resolver-client.js';
import { callConfig, eventually, handlesOf, Orchestrator, resolvedOf } from './orchestrator.js';

jest.setTimeout(60_000);

interface SlotAnswer {
  secret_id: string | null;
  version: number | null;
  epoch: number;
}
interface VersionRow {
  version: number;
  state: string;
  live_calls: number;
  safe_to_delete: boolean;
}

const prefixes = { deepgram: '', openai: 'sk-', elevenlabs: '', resend: 're_' };
type Provider = keyof typeof prefixes;
const providers = Object.keys(prefixes) as Provider[];
/** The components of a call, in the order of its answer, and the slots they run on. */
const slotOf = {
  stt: 'deepgram',
  llm: 'openai',
  tts: 'elevenlabs',
  postcall_llm: 'openai',
  email: 'resend',
} satisfies Record<string, Provider>;

/** Reads from top to bottom, like the picture in docs/ARCHITECTURE.md: each test is the next step of one story. */
describe('the main path', () => {
  let deployment: Deployment;
  let orchestrator: Orchestrator;
  /** One client of each resolver. */
  let grpc: KeyResolverClient[];
  let admin: ApiClient;
  let organizationId: string;
  /** The tenant at each config-api. */
  let tenant: ApiClient[];
  const keys = {} as Record<Provider, string>;
  let callCount = 0;

  beforeAll(async () => {
    deployment = await Deployment.start({ configApis: 2, resolvers: 2 });
    orchestrator = await Orchestrator.listen(deployment);
    grpc = deployment.resolvers.map(
      ({ grpcAddress }) => new KeyResolverClient(grpcAddress, deployment.serviceToken, 10_000),
    );
    admin = new ApiClient(deployment.configApis[0]!.url, deployment.adminToken);
    const created = await admin.post<{ id: string; api_key: string }>('/api/v1/organizations', { name: 'Acme Dental' });
    organizationId = created.body.id;
    tenant = deployment.configApis.map(({ url }) => new ApiClient(url, created.body.api_key));
  });
  afterAll(async () => {
    grpc.forEach((client) => client.close());
    await orchestrator.close();
    await deployment.stop();
  });

  const newKey = (provider: Provider): string =>
    (keys[provider] = `${prefixes[provider]}e2e${randomBytes(16).toString('hex')}`);
  const startCall = (): Promise<CallKeysResolved> =>
    orchestrator.startCall({
      call_id: `call-${++callCount}`,
      organization_id: organizationId,
      config: callConfig,
    });
  const endCall = async ({ call_id: callId }: CallKeysResolved): Promise<void> => {
    await orchestrator.endCall({ call_id: callId, organization_id: organizationId });
    await eventually(`${callId} has ended`, async () => {
      const { body } = await tenant[0]!.get<{ ended_at: string | null }>(`/api/v1/calls/${callId}/keys`);
      return body.ended_at !== null;
    });
  };
  /** The key of a component, or why its handle is refused, at the first resolver and then at the second. */
  const redeem = async (call: CallKeysResolved, component: string): Promise<string> => {
    const request = { call_id: call.call_id, handles: [resolvedOf(call, component).handle] };
    const answers = [];
    for (const resolver of grpc) answers.push((await resolver.redeem(request)).keys[0]!);
    const outcomes = answers.map(({ api_key: apiKey, refusal }) => refusal ?? apiKey);
    expect(outcomes[1]).toBe(outcomes[0]);
    return outcomes[0]!;
  };
  const change = async (method: 'rotate' | 'revoke', provider: Provider, body?: object): Promise<SlotAnswer> => {
    const answer = await tenant[1]!.post<SlotAnswer>(`/api/v1/byok/keys/${provider}/${method}`, body);
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const versionOf = async (provider: Provider, version: number): Promise<VersionRow | undefined> => {
    const { body } = await tenant[0]!.get<{ versions: VersionRow[] }>(`/api/v1/byok/keys/${provider}/versions`);
    return body.versions.find((row) => row.version === version);
  };
  const reasonOf = (call: CallKeysResolved, component: string): string | undefined => {
    const found = call.components.find((candidate) => candidate.component === component);
    return found?.status === 'unresolved' ? found.reason : undefined;
  };

  it('a tenant adds keys over HTTP, at any config-api, and each of them is announced on Kafka', async () => {
    for (const [index, provider] of providers.entries()) {
      const body = { provider, api_key: newKey(provider) };
      const added = await tenant[index % 2]!.post<{ byok_keys: Record<string, string> }>('/api/v1/byok', body);
      expect(added.status).toBe(200);
      const event = keyChangedSchema.parse(await orchestrator.keyChange(organizationId, provider, 1));
      expect(event).toMatchObject({ change: 'added', secret_id: added.body.byok_keys[`${provider}_secret_id`] });
    }
  });

  it('a call that starts is answered with a handle for every component and never with a key', async () => {
    const answer = callKeysResolvedSchema.parse(await startCall());
    expect(answer.components).toEqual(
      Object.entries(slotOf).map(([component, slot]) => ({
        component,
        provider: slot,
        slot,
        status: 'resolved',
        source: 'tenant',
        secret_id: expect.any(String),
        version: 1,
        handle: expect.stringMatching(/^[A-Za-z0-9_-]{66}$/),
      })),
    );
    for (const apiKey of Object.values(keys)) expect(JSON.stringify(answer)).not.toContain(apiKey);
  });

  it('any resolver exchanges the handles for exactly the keys that were stored, and the receipt says which', async () => {
    const call = await startCall();
    const handles = handlesOf(call);
    for (const resolver of grpc) {
      const redeemed = await resolver.redeem({ call_id: call.call_id, handles });
      expect(redeemed.keys.map((key) => [key.component, key.api_key])).toEqual(
        Object.entries(slotOf).map(([component, slot]) => [component, keys[slot]]),
      );
    }
    const receipt = await tenant[0]!.get<object>(`/api/v1/calls/${call.call_id}/keys`);
    expect(receipt.body).toMatchObject({
      call_id: call.call_id,
      organization_id: organizationId,
      ended_at: null,
      components: call.components.map((component) => {
        const { handle: _handle, ...rest } = component as typeof component & { handle: string };
        return { ...rest, epoch: 1 };
      }),
    });
  });

  it('a call resolved over gRPC at one resolver is redeemed at the other, and released', async () => {
    const request = { call_id: `call-${++callCount}`, organization_id: organizationId };
    const call = (await grpc[0]!.resolveCall({ ...request, config: callConfig })) as unknown as CallKeysResolved;
    const handles = [resolvedOf(call, 'llm').handle];
    const { keys: redeemed } = await grpc[1]!.redeem({ call_id: request.call_id, handles });
    expect(redeemed).toMatchObject([{ component: 'llm', provider: 'openai', version: 1, api_key: keys.openai }]);
    await grpc[1]!.releaseCall(request);
    expect(await redeem(call, 'stt')).toBe('unknown_handle');
  });

  it('a handle is good for its own call and its own audience only', async () => {
    const [call, other] = [await startCall(), await startCall()];
    const handles = [resolvedOf(call, 'llm').handle];
    const refused = async (more: object): Promise<string | undefined> =>
      (await grpc[0]!.redeem({ call_id: call.call_id, handles, ...more })).keys[0]?.refusal;
    expect(await refused({ call_id: other.call_id })).toBe('wrong_call');
    expect(await refused({ audience: 'somebody-else' })).toBe('wrong_audience');
    expect(await redeem(call, 'llm')).toBe(keys.openai);
  });

  it('the same handle twice in one request is answered twice', async () => {
    const call = await startCall();
    const { handle } = resolvedOf(call, 'tts');
    const { keys: redeemed } = await grpc[0]!.redeem({ call_id: call.call_id, handles: [handle, handle] });
    expect(redeemed.map((key) => key.api_key)).toEqual([keys.elevenlabs, keys.elevenlabs]);
  });

  it('the end of a call releases it: its handles are refused and nobody counts it as live', async () => {
    const call = await startCall();
    const before = (await versionOf('elevenlabs', 1))!.live_calls;
    await endCall(call);
    await eventually('the handles are dropped', async () => (await redeem(call, 'tts')) === 'unknown_handle');
    expect((await versionOf('elevenlabs', 1))!.live_calls).toBe(before - 1);
  });

  it('a graceful rotation: a running call keeps its version, new calls get the new one', async () => {
    const running = await startCall();
    const oldKey = keys.deepgram;
    const rotated = await change('rotate', 'deepgram', { api_key: newKey('deepgram'), mode: 'graceful' });
    expect(rotated).toMatchObject({ version: 2, epoch: 2 });
    const next = await startCall();
    expect(resolvedOf(next, 'stt')).toMatchObject({ secret_id: rotated.secret_id, version: 2 });
    expect(await redeem(running, 'stt')).toBe(oldKey);
    expect(await redeem(next, 'stt')).toBe(keys.deepgram);
  });

  it('the old version is safe to delete at the provider when the last call that holds it has ended', async () => {
    const live = await versionOf('deepgram', 1);
    expect(live).toMatchObject({ state: 'retiring', safe_to_delete: false });
    for (let number = 1; number <= callCount; number++) {
      await orchestrator.endCall({ call_id: `call-${number}`, organization_id: organizationId });
    }
    await eventually('no call is live', async () => (await versionOf('deepgram', 1))!.live_calls === 0);
    expect(live!.live_calls).toBeGreaterThan(0);
    expect(await versionOf('deepgram', 1)).toMatchObject({ safe_to_delete: true });
    expect(await versionOf('deepgram', 2)).toMatchObject({ state: 'active', safe_to_delete: false });
  });

  it('an immediate rotation: from its answer on the old key is refused, and new calls get the new one', async () => {
    const running = await startCall();
    const rotated = await change('rotate', 'elevenlabs', { api_key: newKey('elevenlabs'), mode: 'immediate' });
    expect(await redeem(running, 'tts')).toBe('key_changed');
    const next = await startCall();
    expect(resolvedOf(next, 'tts').secret_id).toBe(rotated.secret_id);
    expect(await redeem(next, 'tts')).toBe(keys.elevenlabs);
    await orchestrator.keyChange(organizationId, 'elevenlabs', rotated.epoch);
  });

  it('a revoke: from its answer on the key is refused everywhere, and the next call says why', async () => {
    const running = await startCall();
    const { epoch } = await change('revoke', 'openai');
    for (const component of ['llm', 'postcall_llm']) expect(await redeem(running, component)).toBe('key_changed');
    expect(await redeem(running, 'email')).toBe(keys.resend);
    expect(reasonOf(await startCall(), 'llm')).toBe('revoked');
    expect(await orchestrator.keyChange(organizationId, 'openai', epoch)).toMatchObject({
      change: 'revoked',
      secret_id: null,
    });
  });

  it('a removed key means the platform’s key again, unless the policy says never', async () => {
    const platformKey = `e2e-platform-${randomBytes(16).toString('hex')}`;
    const stored = await admin.post('/admin/v1/platform/byok', { provider: 'elevenlabs', api_key: platformKey });
    expect(stored.status).toBe(200);
    expect((await tenant[0]!.delete('/api/v1/byok', { provider: 'elevenlabs' })).status).toBe(200);

    const call = await startCall();
    expect(resolvedOf(call, 'tts').source).toBe('platform');
    expect(await redeem(call, 'tts')).toBe(platformKey);

    const policy = await tenant[0]!.put('/api/v1/byok/keys/elevenlabs/policy', { fallback: 'never' });
    expect(policy.status).toBe(200);
    expect(reasonOf(await startCall(), 'tts')).toBe('no_key');
    expect(await redeem(call, 'tts')).toBe(platformKey);
  });
});
