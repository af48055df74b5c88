import { randomBytes } from 'node:crypto';
import type { CallKeysResolved, ResolvedComponent } from '#libs/contracts';
import type { ApiClient } from '../../test/support/api-client.js';
import type { FakeProviderServer, KeyState } from '#apps/fake-provider';
import type { DemoStandalone } from './demo-standalone.js';
import { Rehearsal } from './rehearsal.js';
import { quantileOf, type Story } from './story.js';

const callCount = 200;
const concurrency = 8;

/** What the orchestrator sends of an assistant: one key each to hear, think and speak, and to mail the report. */
const config = {
  stt_config: { provider: 'deepgram', model: 'nova-3' },
  llm_config: { provider: 'openai', model: 'gpt-5.4' },
  tts_config: { provider: 'elevenlabs', model: 'eleven_flash_v2_5', voice_id: 'fake-voice-1' },
  analysis_plan: { llm: { provider: 'openai' }, email_recipients: ['owner@example.org'] },
};

type ByokMap = Record<string, string | null>;

/** The story of one organization's keys, told against a running standalone. */
export class Walk {
  private readonly keys = new Map<string, string>();
  private organizationId = '';
  private tenant!: ApiClient;
  private calls = 0;

  constructor(
    private readonly story: Story,
    private readonly latchkey: DemoStandalone,
    private readonly providers: FakeProviderServer,
  ) {}

  async run(): Promise<void> {
    await this.createOrganization();
    const rehearsal = await this.rehearse();
    await this.addKeys();
    await this.replaceLimitedKey(rehearsal);
    await this.startCalls();
    await this.redeem();
    await this.rotateGracefully();
    await this.revoke();
    await this.remove();
  }

  private async createOrganization(): Promise<void> {
    this.story.step('Create an organization');
    const { id, api } = await this.latchkey.admin.createOrganization('Acme Dental');
    Object.assign(this, { organizationId: id, tenant: api });
    this.story.say(`Acme Dental is ${id}; its token was shown once and is stored as a keyed hash`);
    const stranger = await this.latchkey.orchestrator.get('/api/v1/byok');
    this.story.proves('another token is refused (401)', stranger.status === 401);
  }

  private async rehearse(): Promise<Rehearsal> {
    this.story.step('Create an assistant and ask before the first call whether it would work');
    const rehearsal = await Rehearsal.begin(this.story, this.tenant, config);
    await rehearsal.isNotReady();
    return rehearsal;
  }

  private async replaceLimitedKey(rehearsal: Rehearsal): Promise<void> {
    this.story.step('Ask again: with a key that may not listen, then with one that may');
    await this.storeKey('deepgram', this.newKey('deepgram', '', 'limited'));
    const { body } = await this.tenant.post<{ verdict: string; missing_permissions: string[] }>(
      '/api/v1/byok/keys/deepgram/test',
    );
    const missing = body.missing_permissions;
    this.story.proves(`a test names what the key lacks (${body.verdict}: ${missing.join(', ')})`, missing.length > 0);
    await rehearsal.isNotReady();
    await this.storeKey('deepgram', this.newKey('deepgram', ''));
    await rehearsal.isReady();
  }

  private async addKeys(): Promise<void> {
    this.story.step('Bring your own keys: Deepgram, OpenAI, ElevenLabs, Resend');
    const wrong = { provider: 'openai', api_key: 'sk-not-a-key-of-anybody' };
    const rejected = await this.tenant.post<{ code: string }>('/api/v1/byok', wrong);
    this.story.proves(
      `a key that its provider refuses is not stored (${rejected.status} ${rejected.body.code})`,
      rejected.status === 422 && rejected.body.code === 'key_rejected',
    );
    for (const [provider, prefix] of [
      ['deepgram', ''],
      ['openai', 'sk-'],
      ['elevenlabs', ''],
      ['resend', 're_'],
    ] as const) {
      await this.storeKey(provider, this.newKey(provider, prefix));
    }
    const { body, text } = await this.tenant.get<{ byok_keys: ByokMap }>('/api/v1/byok');
    const configured = Object.entries(body.byok_keys).filter(([, secretId]) => secretId !== null);
    this.story.table(configured.map(([property, secretId]) => ({ property, 'secret id': secretId ?? '' })));
    this.story.proves('GET /byok shows four secret ids', configured.length === 4);
    this.story.proves(
      'and none of the keys',
      [...this.keys.values()].every((apiKey) => !text.includes(apiKey)),
    );
  }

  private async startCalls(): Promise<void> {
    this.story.step(`Start ${callCount} calls`);
    const timesMs: number[] = [];
    let last: CallKeysResolved | undefined;
    let begun = 0;
    const caller = async (): Promise<void> => {
      while (begun++ < callCount) {
        const started = performance.now();
        last = await this.startCall();
        timesMs.push(performance.now() - started);
        if (timesMs.length % 50 === 0) this.story.say(`${timesMs.length} calls…`);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, caller));
    const [p50, p99] = [quantileOf(timesMs, 0.5), quantileOf(timesMs, 0.99)];
    this.story.say(
      `resolved in p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (HTTP, event bus and back, ${concurrency} at a time)`,
    );
    const path = `/api/v1/calls/${last!.call_id}/keys`;
    const receipt = await this.tenant.get<{ components: (ResolvedComponent & { epoch: number })[] }>(path);
    this.story.say('The receipt of one of them:');
    this.story.table(
      receipt.body.components.map(({ component, provider, source, secret_id, version }) => ({
        component,
        provider,
        source,
        'secret id': secret_id,
        version,
      })),
    );
    const own = receipt.body.components.every(({ status, source }) => status === 'resolved' && source === 'tenant');
    this.story.proves('every component of the call runs on the organization’s own key', own);
  }

  private async redeem(): Promise<void> {
    this.story.step('Redeem the handles of a call over gRPC, and ask the providers');
    const call = await this.startCall();
    const handles = resolvedOf(call).map(({ handle }) => handle);
    const { keys } = await this.latchkey.grpc.redeem({ call_id: call.call_id, handles });
    for (const { component, provider, api_key } of keys) {
      const status = await this.providers.ask(provider, api_key);
      this.story.proves(`${component}: ${provider} accepts the key (HTTP ${status})`, status === 200);
    }
    const other = await this.latchkey.grpc.redeem({ call_id: 'another-call', handles: [handles[0]!] });
    this.story.proves(
      `a handle is good for its own call only (${other.keys[0]?.refusal})`,
      other.keys[0]?.refusal === 'wrong_call',
    );
  }

  private async rotateGracefully(): Promise<void> {
    this.story.step('Rotate the Deepgram key gracefully while a call is running');
    const running = await this.startCall();
    const oldKey = this.keys.get('deepgram')!;
    const newKey = this.newKey('deepgram', '');
    await this.expectOk('/api/v1/byok/keys/deepgram/rotate', { api_key: newKey, mode: 'graceful' });
    const next = await this.startCall();
    const [before, after] = [componentOf(running, 'stt'), componentOf(next, 'stt')];
    this.story.say(`secret id ${before.secret_id} → ${after.secret_id}`);
    this.story.proves('a new call gets the new secret id', after.secret_id !== before.secret_id);
    const kept = await this.latchkey.grpc.redeem({ call_id: running.call_id, handles: [before.handle] });
    this.story.proves('the call that had started keeps its own key', kept.keys[0]?.api_key === oldKey);
    const fresh = await this.latchkey.grpc.redeem({ call_id: next.call_id, handles: [after.handle] });
    this.story.proves('and the new call redeems the new one', fresh.keys[0]?.api_key === newKey);
  }

  private async revoke(): Promise<void> {
    this.story.step('Revoke the OpenAI key: the leak button');
    const running = await this.startCall();
    await this.expectOk('/api/v1/byok/keys/openai/revoke', undefined);
    const { keys } = await this.latchkey.grpc.redeem({
      call_id: running.call_id,
      handles: [componentOf(running, 'llm').handle],
    });
    this.story.proves(`the handle issued before is refused (${keys[0]?.refusal})`, keys[0]?.refusal === 'key_changed');
    const next = await this.startCall();
    const llm = next.components.find(({ component }) => component === 'llm');
    const reason = llm?.status === 'unresolved' ? llm.reason : undefined;
    this.story.proves(`the next call says why it has no key (${reason})`, reason === 'revoked');
  }

  private async remove(): Promise<void> {
    this.story.step('Delete the ElevenLabs key: back on the platform default');
    const platformKey = this.newKey('elevenlabs', '');
    const stored = await this.latchkey.admin.post('/admin/v1/platform/byok', {
      provider: 'elevenlabs',
      api_key: platformKey,
    });
    this.story.proves('the operator has set a platform key', stored.status === 200);
    const removed = await this.tenant.delete('/api/v1/byok', { provider: 'elevenlabs' });
    this.story.proves('DELETE /byok answers 200', removed.status === 200);
    const tts = componentOf(await this.startCall(), 'tts');
    this.story.proves(`the next call speaks with source "${tts.source}"`, tts.source === 'platform');
    await this.tenant.put('/api/v1/byok/keys/elevenlabs/policy', { fallback: 'never' });
    const next = (await this.startCall()).components.find(({ component }) => component === 'tts');
    this.story.proves(
      'unless the organization’s policy says never (no_key)',
      next?.status === 'unresolved' && next.reason === 'no_key',
    );
  }

  private newKey(provider: string, prefix: string, state: KeyState = 'valid'): string {
    const apiKey = `${prefix}demo${randomBytes(16).toString('hex')}`;
    this.providers.set(provider, apiKey, state);
    this.keys.set(provider, apiKey);
    return apiKey;
  }

  private async storeKey(provider: string, apiKey: string): Promise<void> {
    await this.expectOk('/api/v1/byok', { provider, api_key: apiKey });
  }

  private async expectOk(path: string, body: unknown): Promise<void> {
    const answer = await this.tenant.post(path, body);
    if (answer.status !== 200) this.story.proves(`POST ${path} answers 200 (it said: ${answer.text})`, false);
  }

  private async startCall(): Promise<CallKeysResolved> {
    this.calls += 1;
    const call = { call_id: `demo-${this.calls}`, organization_id: this.organizationId, config };
    const answer = await this.latchkey.orchestrator.post<CallKeysResolved>('/api/v1/calls', call);
    if (answer.status !== 200) this.story.proves(`POST /api/v1/calls answers 200 (it said: ${answer.text})`, false);
    return answer.body;
  }
}

function resolvedOf(call: CallKeysResolved): ResolvedComponent[] {
  return call.components.filter((component): component is ResolvedComponent => component.status === 'resolved');
}

function componentOf(call: CallKeysResolved, name: string): ResolvedComponent {
  const found = resolvedOf(call).find(({ component }) => component === name);
  if (!found) throw new Error(`${name} was not resolved`);
  return found;
}
