import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CallConfig, CallKeysResolved } from '#libs/contracts';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { KeyResolverClient } from '../support/key-resolver-client.js';
import { Orchestrator, resolvedOf } from './orchestrator.js';

jest.setTimeout(60_000);

const pipeline = {
  stt_config: { provider: 'deepgram', model: 'nova-3' },
  llm_config: { provider: 'openai', model: 'gpt-5.4', messages: [{ role: 'system', content: 'Be brief.' }] },
  tts_config: { provider: '11labs', voice_id: 'v' },
};
const report = { llm: { provider: 'openai' }, email_recipients: ['owner@example.org'] };

/** What a call needs, one word for each component: `component provider@slot`, and the reason where there is no key. */
function needsOf({ components }: Pick<CallKeysResolved, 'components'>): string[] {
  return components.map(
    (entry) =>
      `${entry.component} ${entry.provider || '-'}@${entry.slot || '-'}` +
      (entry.status === 'unresolved' ? ` ${entry.reason}` : ''),
  );
}

describe('a call that names an assistant', () => {
  let deployment: Deployment;
  let orchestrator: Orchestrator;
  let grpc: KeyResolverClient;
  let tenant: { id: string; api: ApiClient };
  let stranger: { id: string; api: ApiClient };
  const keys: Record<string, string> = {};

  beforeAll(async () => {
    deployment = await Deployment.start({ env: { LATCHKEY_VALIDATE_KEYS: 'false' } });
    orchestrator = await Orchestrator.listen(deployment);
    grpc = new KeyResolverClient(deployment.resolvers[0]!.grpcAddress, deployment.serviceToken, 10_000);
    const admin = new ApiClient(deployment.configApis[0]!.url, deployment.adminToken);
    tenant = await admin.createOrganization('Acme');
    stranger = await admin.createOrganization('Stranger');
    for (const provider of ['deepgram', 'openai', 'elevenlabs', 'resend', 'xai']) {
      keys[provider] = `${provider}-${randomUUID()}`;
      await tenant.api.post('/api/v1/byok', { provider, api_key: keys[provider] });
    }
  });
  afterAll(async () => {
    grpc?.close();
    await orchestrator?.close();
    await deployment?.stop();
  });

  const create = async (body: object, by = tenant): Promise<string> => {
    const answer = await by.api.post<{ assistant: { id: string } }>('/api/v1/assistants', { name: 'A', ...body });
    expect(answer.status).toBe(201);
    return answer.body.assistant.id;
  };
  /** The same call by Kafka and by gRPC; they agree. */
  const call = async (assistantId: string, config?: CallConfig, region?: string): Promise<CallKeysResolved> => {
    const more = { ...(config && { config }), ...(region && { region }) };
    const request = { organization_id: tenant.id, assistant_id: assistantId, ...more };
    const byEvent = await orchestrator.startCall({ call_id: randomUUID(), ...request });
    const byGrpc = await grpc.resolveCall({ call_id: randomUUID(), config: {}, ...request });
    expect(needsOf(byGrpc as unknown as CallKeysResolved)).toEqual(needsOf(byEvent));
    return byEvent;
  };

  it('gets the keys of the configuration that was stored for it', async () => {
    const id = await create({ ...pipeline, analysis_plan: report, unknown: { kept: true } });
    const answer = await call(id);
    expect(needsOf(answer)).toEqual([
      'stt deepgram@deepgram',
      'llm openai@openai',
      'tts elevenlabs@elevenlabs',
      'postcall_llm openai@openai',
      'email resend@resend',
    ]);
    const { handle } = resolvedOf(answer, 'tts');
    const { keys: redeemed } = await grpc.redeem({ call_id: answer.call_id, handles: [handle] });
    expect(redeemed).toMatchObject([{ component: 'tts', api_key: keys.elevenlabs }]);
  });

  it('gets the keys of what was changed a moment before', async () => {
    const id = await create(pipeline);
    expect(needsOf(await call(id))).toContain('llm openai@openai');
    const patch = { llm_config: { provider: 'xai', model: 'grok-4.3' }, tts_config: null };
    const patched = await tenant.api.patch(`/api/v1/assistants/${id}`, patch);
    expect(patched.status).toBe(200);
    expect(needsOf(await call(id))).toEqual(['stt deepgram@deepgram', 'llm xai@xai']);
  });

  it('may override it section by section, and take a section away', async () => {
    const id = await create({ ...pipeline, analysis_plan: report });
    const overrides = { llm_config: { provider: 'xai' }, stt_config: null, analysis_plan: { email: 'a@example.org' } };
    expect(needsOf(await call(id, overrides))).toEqual([
      'llm xai@xai',
      'tts elevenlabs@elevenlabs',
      'postcall_llm openai@openai',
      'email resend@resend',
    ]);
    expect(needsOf(await call(id, { analysis_plan: { enabled: false } }))).toEqual([
      'stt deepgram@deepgram',
      'llm openai@openai',
      'tts elevenlabs@elevenlabs',
    ]);
  });

  it('needs no stt and no tts in the call when its llm is realtime, but an stt after it', async () => {
    const realtime = { provider: 'openai_live', voice: 'marin' };
    const id = await create({ ...pipeline, llm_config: realtime, analysis_plan: report });
    const expected = [
      'llm openai_live@openai',
      'postcall_stt elevenlabs@elevenlabs',
      'postcall_llm openai@openai',
      'email resend@resend',
    ];
    expect(needsOf(await call(id))).toEqual(expected);
    const piped = await create({ ...pipeline, analysis_plan: report });
    expect(needsOf(await call(piped, { llm_config: realtime }))).toEqual(expected);
    expect(needsOf(await call(id, { llm_config: { provider: 'openai' } }))).toEqual([
      'stt deepgram@deepgram',
      'llm openai@openai',
      'postcall_llm openai@openai',
      'email resend@resend',
    ]);
  });

  it('gets no key from a slot that is bound to another region, however it is announced', async () => {
    const id = await create({ stt_config: pipeline.stt_config });
    await tenant.api.put('/api/v1/byok/keys/deepgram/policy', { region: 'eu' });
    expect(needsOf(await call(id, undefined, 'us'))).toEqual(['stt deepgram@deepgram region_mismatch']);
    expect(needsOf(await call(id, undefined, 'eu'))).toEqual(['stt deepgram@deepgram']);
    await tenant.api.put('/api/v1/byok/keys/deepgram/policy', { region: null });
  });

  it('gets no key by an assistant of another organization, of none, or with an odd id', async () => {
    const unnamed = ['stt', 'llm', 'tts'].map((component) => `${component} -@- assistant_not_found`);
    for (const id of [await create(pipeline, stranger), randomUUID(), 'odd ïd']) {
      expect(needsOf(await call(id))).toEqual(unnamed);
    }
  });
});
