import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CallKeysResolved } from '#libs/contracts';
import pg from 'pg';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { KeyResolverClient, type ResolvedCall } from '../support/key-resolver-client.js';
import { callConfig, eventually, Orchestrator, resolvedOf } from './orchestrator.js';

const keys: Record<string, string> = { stt: 'deepgram', llm: 'openai', postcall_llm: 'openai', email: 'resend' };
const keyOf = (component: string): string => `${keys[component]}-key-0123456789`;
const [inCall, after] = [
  ['stt', 'llm', 'tts'],
  ['postcall_llm', 'email'],
];

describe('what works after a call', () => {
  let deployment: Deployment;
  let orchestrator: Orchestrator;
  let resolver: KeyResolverClient;
  let tenant: { id: string; api: ApiClient };

  beforeAll(async () => {
    deployment = await Deployment.start({ configApis: 1, resolvers: 1 });
    orchestrator = await Orchestrator.listen(deployment);
    resolver = new KeyResolverClient(deployment.resolvers[0]!.grpcAddress, deployment.serviceToken, 10_000);
    tenant = await new ApiClient(deployment.configApis[0]!.url, deployment.adminToken).createOrganization('Acme');
    for (const provider of new Set(Object.values(keys))) {
      await tenant.api.post('/api/v1/byok', { provider, api_key: `${provider}-key-0123456789` });
    }
  }, 60_000);
  afterAll(async () => {
    resolver.close();
    await orchestrator.close();
    await deployment.stop();
  });

  const resolve = (callId: string, by = resolver): Promise<ResolvedCall> =>
    by.resolveCall({ call_id: callId, organization_id: tenant.id, config: callConfig });
  /** A call that was resolved and has ended. */
  const endedCall = async (): Promise<ResolvedCall> => {
    const call = await resolve(randomUUID());
    await resolver.releaseCall({ call_id: call.call_id, organization_id: tenant.id });
    return call;
  };
  const handleOf = (call: ResolvedCall, component: string): string =>
    resolvedOf(call as unknown as CallKeysResolved, component).handle;
  const redeem = async (call: ResolvedCall, component: string): Promise<string> => {
    const { keys: redeemed } = await resolver.redeem({ call_id: call.call_id, handles: [handleOf(call, component)] });
    return redeemed[0]!.refusal ?? redeemed[0]!.api_key;
  };
  const reasonsOf = (call: ResolvedCall): Record<string, string | undefined> =>
    Object.fromEntries(call.components.map(({ component, reason }) => [component, reason]));
  const receiptOf = async (callId: string): Promise<Record<string, unknown>[]> =>
    (await tenant.api.get<{ components: Record<string, unknown>[] }>(`/api/v1/calls/${callId}/keys`)).body.components;
  const letTimePass = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: deployment.database.url });
    await client.connect();
    await client.query('UPDATE receipt SET live_until = now() WHERE ended_at IS NOT NULL');
    await client.end();
  };

  const ended = Object.fromEntries(inCall.map((component) => [component, 'call_ended']));

  it('keeps the handles it was given, while those of the call itself are refused', async () => {
    const call = await endedCall();
    expect(await redeem(call, 'stt')).toBe('unknown_handle');
    for (const component of after) expect(await redeem(call, component)).toBe(keyOf(component));
  });

  it('is resolved again after the end, and can be redeemed although it was used in the call', async () => {
    const before = await resolve(randomUUID());
    expect(await redeem(before, 'email')).toBe(keyOf('email'));
    await resolver.releaseCall({ call_id: before.call_id, organization_id: tenant.id });
    await new Promise((done) => setTimeout(done, 5_500)); // Past the time in which a repeated redeem is answered.
    expect(await redeem(before, 'email')).toBe('used_up');
    const call = await resolve(before.call_id);
    expect(reasonsOf(call)).toEqual({ ...ended, postcall_llm: undefined, email: undefined });
    for (const component of after) expect(await redeem(call, component)).toBe(keyOf(component));
    expect(await redeem(before, 'stt')).toBe('unknown_handle');
  }, 20_000);

  it('is all that a start over Kafka gets that comes after the end', async () => {
    const callId = randomUUID();
    await orchestrator.endCall({ call_id: callId, organization_id: tenant.id });
    await eventually('the end is known', async () => (await resolve(callId)).components[0]!.reason === 'call_ended');
    const call = await orchestrator.startCall({ call_id: callId, organization_id: tenant.id, config: callConfig });
    expect(reasonsOf(call as unknown as ResolvedCall)).toEqual({ ...ended, postcall_llm: undefined, email: undefined });
  });

  it('is all that is resolved on the day after, whoever asks without saying when the call started', async () => {
    const yesterday = new Date(Date.now() - 86_390_000).toISOString();
    const request = { call_id: randomUUID(), organization_id: tenant.id, config: callConfig };
    await resolver.resolveCall({ ...request, started_at: yesterday });
    await resolver.releaseCall({ call_id: request.call_id, organization_id: tenant.id });
    expect(reasonsOf(await resolve(request.call_id))).toEqual({ ...ended, postcall_llm: undefined, email: undefined });
    expect((await receiptOf(request.call_id))[0]).toMatchObject({ component: 'stt', status: 'resolved' });
  });

  it('leaves in the receipt what the call ran on', async () => {
    const { call_id: callId } = await endedCall();
    await resolve(callId);
    const components = await receiptOf(callId);
    expect(components).toMatchObject([
      { component: 'stt', status: 'resolved' },
      { component: 'llm', status: 'resolved' },
      { component: 'tts', status: 'unresolved', reason: 'no_platform_key' },
      { component: 'postcall_llm', status: 'resolved' },
      { component: 'email', status: 'resolved' },
    ]);
  });

  it('gets no key any more when its time is up, by new handles or old', async () => {
    const call = await endedCall();
    await letTimePass();
    const late = await resolve(call.call_id);
    expect(new Set(Object.values(reasonsOf(late)))).toEqual(new Set(['call_ended']));
    expect(await redeem(call, 'email')).toBe('unknown_handle');
    expect(await receiptOf(call.call_id)).toMatchObject([{ component: 'stt', status: 'resolved' }, {}, {}, {}, {}]);
  });

  it('is all whose keys a resolver without Redis delivers, and no longer either', async () => {
    const { call_id: callId } = await endedCall();
    const { grpcAddress } = await deployment.addResolver({ REDIS_URL: 'redis://127.0.0.1:1' });
    const direct = new KeyResolverClient(grpcAddress, deployment.serviceToken, 10_000);
    const call = await resolve(callId, direct);
    expect(reasonsOf(call)).toEqual({ ...ended, postcall_llm: undefined, email: undefined });
    const delivered = call.components.flatMap(({ component, api_key: key }) => (key ? [[component, key]] : []));
    expect(delivered).toEqual(after.map((component) => [component, keyOf(component)]));
    await letTimePass();
    expect(new Set(Object.values(reasonsOf(await resolve(callId, direct))))).toEqual(new Set(['call_ended']));
    direct.close();
  }, 30_000);
});

describe('with LATCHKEY_POSTCALL_MINUTES=0', () => {
  it('nothing of a call outlives it', async () => {
    const deployment = await Deployment.start({ configApis: 1, resolvers: 1, env: { LATCHKEY_POSTCALL_MINUTES: '0' } });
    const resolver = new KeyResolverClient(deployment.resolvers[0]!.grpcAddress, deployment.serviceToken, 10_000);
    try {
      const admin = new ApiClient(deployment.configApis[0]!.url, deployment.adminToken);
      const { id, api } = await admin.createOrganization('Acme');
      await api.post('/api/v1/byok', { provider: 'resend', api_key: keyOf('email') });
      const request = { call_id: randomUUID(), organization_id: id };
      const call = await resolver.resolveCall({ ...request, config: callConfig });
      await resolver.releaseCall(request);
      const handles = [resolvedOf(call as unknown as CallKeysResolved, 'email').handle];
      expect((await resolver.redeem({ call_id: request.call_id, handles })).keys[0]!.refusal).toBe('unknown_handle');
      const again = await resolver.resolveCall({ ...request, config: callConfig });
      expect(new Set(again.components.map(({ reason }) => reason))).toEqual(new Set(['call_ended']));
    } finally {
      resolver.close();
      await deployment.stop();
    }
  }, 60_000);
});
