import { randomUUID } from 'node:crypto';
import { topics, type CallKeysResolved } from '#libs/contracts';
import type { Deployment } from '../support/deployment.js';
import { KeyResolverClient } from '../support/key-resolver-client.js';
import type { Canary, Content } from './canary.js';
import { RecordingHttp, type RecordedAnswer, type Sent } from './canary.http.js';
import { callConfig, handlesOf, Orchestrator } from './orchestrator.js';

const prefixes = { deepgram: '', openai: 'sk-', elevenlabs: 'sk_', resend: 're_' };
type Provider = keyof typeof prefixes;

/** The main path and everything that can go wrong with a key in hand, with every key a canary and every answer kept. */
export class CanaryScene {
  readonly http = new RecordingHttp();
  /** What gRPC answered, the keys of `Redeem` aside: to hand them out is what it is for. */
  readonly grpcAnswers: Content[] = [];
  private organizationId = '';
  private tenantToken = '';
  private callCount = 0;

  private constructor(
    private readonly deployment: Deployment,
    private readonly orchestrator: Orchestrator,
    private readonly resolvers: KeyResolverClient[],
    private readonly canary: Canary,
  ) {}

  static async open(deployment: Deployment, canary: Canary): Promise<CanaryScene> {
    const resolvers = deployment.resolvers.map(
      ({ grpcAddress }) => new KeyResolverClient(grpcAddress, deployment.serviceToken, 10_000),
    );
    return new CanaryScene(deployment, await Orchestrator.listen(deployment), resolvers, canary);
  }

  async close(): Promise<void> {
    this.resolvers.forEach((client) => client.close());
    await this.orchestrator.close();
  }

  /** Stores, resolves, redeems, rotates, revokes, removes; answers the keys that were handed out on the way. */
  async walkMainPath(): Promise<string[]> {
    const created = await this.asAdmin('POST', '/api/v1/organizations', { body: { name: 'Canary' } });
    [this.organizationId, this.tenantToken] = [String(created.body['id']), String(created.body['api_key'])];
    for (const provider of Object.keys(prefixes) as Provider[]) await this.store(provider);
    const redeemed = [...(await this.resolveAndRedeem()), ...(await this.resolveAndRedeem())];
    await this.rotate('deepgram', 'graceful');
    await this.rotate('elevenlabs', 'immediate');
    redeemed.push(...(await this.resolveAndRedeem()));
    await this.asTenant('POST', '/api/v1/byok/keys/openai/revoke');
    await this.asTenant('DELETE', '/api/v1/byok', { body: { provider: 'resend' } });
    const platformKey = { provider: 'resend', api_key: this.canary.plant('re_') };
    await this.asAdmin('POST', '/admin/v1/platform/byok', { body: platformKey });
    redeemed.push(...(await this.resolveAndRedeem()));
    await this.lookAtEverything();
    return redeemed;
  }

  /** Sends keys where they do not belong, over HTTP; answers the statuses. */
  async misplaceKeysInHttp(): Promise<number[]> {
    const key = (): string => this.canary.plant('sk-');
    const rotate = '/api/v1/byok/keys/openai/rotate';
    const asTenant: [method: string, path: string, sent?: Sent][] = [
      ['POST', '/api/v1/byok', { body: { provider: key(), api_key: key() } }],
      ['POST', '/api/v1/byok', { body: { provider: 'openai', api_key: `${key()} ${key()}` } }],
      ['POST', '/api/v1/byok', { body: { provider: 'openai', api_key: [key()] } }],
      ['POST', '/api/v1/byok', { body: { provider: 'openai', api_key: { value: key() } } }],
      ['POST', rotate, { body: { api_key: key(), [key()]: true } }],
      ['POST', '/api/v1/byok', { body: { provider: 'openai', api_key: key().repeat(20) } }],
      ['POST', '/api/v1/byok', { body: key() }],
      ['POST', '/api/v1/byok', { body: [{ [key()]: key() }] }],
      ['POST', '/api/v1/byok', { raw: `{"provider": "openai", "api_key": "${key()}"` }],
      ['POST', '/api/v1/byok', { raw: key() }],
      ['POST', '/api/v1/byok', { raw: `api_key=${key()}`, headers: { 'content-type': 'text/plain' } }],
      ['POST', rotate, { body: { api_key: key(), mode: key() } }],
      ['POST', rotate, { body: { api_key: key(), overlap_seconds: key() } }],
      ['POST', rotate, { body: { api_key: key() }, headers: { 'if-match': key() } }],
      ['POST', `/api/v1/byok/keys/${key()}/rotate`, { body: { api_key: key() } }],
      ['POST', `/api/v1/byok/keys/${key()}/revoke`],
      ['PUT', '/api/v1/byok/keys/openai/policy', { body: { fallback: key() } }],
      ['DELETE', '/api/v1/byok', { body: { provider: key() } }],
      ['DELETE', `/api/v1/byok?provider=${key()}`],
      ['GET', `/api/v1/organizations?include_children=${key()}`],
      ['GET', `/api/v1/calls/${key()}/keys`],
      ['GET', `/api/v1/${key()}`],
      ['GET', `/api/v1/calls/%zz${key()}/keys`],
    ];
    const statuses: number[] = [];
    for (const [method, path, sent] of asTenant) statuses.push((await this.asTenant(method, path, sent)).status);
    const url = this.deployment.configApis[0]!.url;
    statuses.push((await this.http.send(key(), 'GET', `${url}/api/v1/byok`)).status);
    statuses.push((await this.http.send(`lk_live_${key()}`, 'GET', `${url}/api/v1/byok?api_key=${key()}`)).status);
    statuses.push((await this.asAdmin('POST', '/api/v1/organizations', { body: { name: [key()] } })).status);
    statuses.push(
      (await this.asAdmin('POST', '/admin/v1/platform/byok', { body: { provider: key(), api_key: key() } })).status,
    );
    return statuses;
  }

  /** Sends keys where they do not belong, over gRPC; answers how many requests went wrong as they should. */
  async misplaceKeysInGrpc(): Promise<number> {
    const key = (): string => this.canary.plant('sk-');
    const call = { call_id: 'canary-misplaced', organization_id: this.organizationId, config: callConfig };
    const [resolver] = this.resolvers;
    const wrongProvider = { ...callConfig, llm_config: { provider: key(), model: key() }, [key()]: key() };
    this.keep(await resolver!.resolveCall({ ...call, config: wrongProvider }));
    this.keep(await resolver!.redeem({ call_id: 'canary-misplaced', handles: [key(), key()] }));
    const failures = await Promise.allSettled([
      resolver!.resolveCall({ ...call, organization_id: key() }),
      resolver!.resolveCall({ ...call, organization_id: randomUUID(), config: { stt_config: { provider: key() } } }),
      resolver!.resolveCall({ ...call, config: { stt_config: key() } }),
      resolver!.resolveCall({ ...call, call_id: `${key()} ${key()}` }),
      resolver!.releaseCall({ call_id: 'canary-misplaced', organization_id: key() }),
    ]);
    for (const failure of failures) if (failure.status === 'rejected') this.keep(String(failure.reason));
    return failures.filter(({ status }) => status === 'rejected').length;
  }

  /**
   * Announces events with keys in them, planted by `foreign`: they lie on the topic where the sender put them, and in
   * its dead letters, but must go nowhere else. Answers when all of them have been handled.
   */
  async misplaceKeysInEvents(foreign: Canary): Promise<void> {
    const key = (): string => foreign.plant('sk-');
    const call = { call_id: 'canary-event', organization_id: this.organizationId, config: callConfig };
    const started = (value: object | string): Promise<string> =>
      this.orchestrator.publish(
        topics.callStarted,
        Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
        { key: 'canary-event' },
      );
    await started(`{"call_id": "x", "api_key": "${key()}"`);
    await started(key());
    await started({ ...call, organization_id: key() });
    await started({ ...call, call_id: `${key()} ${key()}` });
    await started({ ...call, organization_id: randomUUID(), api_key: key() });
    await this.orchestrator.startCall({
      ...call,
      config: { ...callConfig, llm_config: { provider: key(), api_key: key() }, api_key: key() },
    });
  }

  /** Metrics and health of every process, as answers of HTTP. */
  async lookAtProcesses(): Promise<void> {
    const urls = [
      ...this.deployment.configApis.map(({ url }) => url),
      ...this.deployment.resolvers.map(({ httpUrl }) => httpUrl),
    ];
    for (const url of urls) {
      for (const path of ['/metrics', '/health/ready', '/health/live']) {
        await this.http.send(undefined, 'GET', url + path);
      }
    }
  }

  private async store(provider: Provider): Promise<void> {
    const body = { provider, api_key: this.canary.plant(prefixes[provider]) };
    await this.asTenant('POST', '/api/v1/byok', { body });
  }

  private async rotate(provider: Provider, mode: 'graceful' | 'immediate'): Promise<void> {
    const body = { api_key: this.canary.plant(prefixes[provider]), mode };
    await this.asTenant('POST', `/api/v1/byok/keys/${provider}/rotate`, { body });
  }

  private async resolveAndRedeem(): Promise<string[]> {
    const [overKafka, overGrpc] = [1, 2].map(() => ({
      call_id: `canary-${++this.callCount}`,
      organization_id: this.organizationId,
      config: callConfig,
    }));
    const answers = [
      await this.orchestrator.startCall(overKafka!),
      (await this.resolvers[0]!.resolveCall(overGrpc!)) as unknown as CallKeysResolved,
    ];
    const redeemed: string[] = [];
    for (const [index, answer] of answers.entries()) {
      this.keep(answer);
      const request = { call_id: answer.call_id, handles: handlesOf(answer) };
      const { keys } = await this.resolvers[index]!.redeem(request);
      redeemed.push(...keys.map(({ api_key: apiKey }) => apiKey));
      this.keep(await this.resolvers[index]!.redeem({ ...request, call_id: 'another-call' }));
      await this.asTenant('GET', `/api/v1/calls/${answer.call_id}/keys`);
    }
    await this.orchestrator.endCall({ call_id: overKafka!.call_id, organization_id: this.organizationId });
    return redeemed;
  }

  private async lookAtEverything(): Promise<void> {
    for (const path of ['', '/keys', '/config', ...Object.keys(prefixes).map((id) => `/keys/${id}/versions`)]) {
      await this.asTenant('GET', `/api/v1/byok${path}`);
    }
    await this.asTenant('GET', '/api/v1/organizations?include_children=true');
    await this.asAdmin('GET', '/admin/v1/organizations');
    await this.asAdmin('GET', '/admin/v1/platform/byok');
  }

  private keep(answer: unknown): void {
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
    this.grpcAnswers.push({ where: 'an answer over gRPC', bytes: Buffer.from(text) });
  }

  private asTenant(method: string, path: string, sent?: Sent): Promise<RecordedAnswer> {
    const { configApis } = this.deployment;
    const { url } = configApis[this.http.answers.length % configApis.length]!;
    return this.http.send(this.tenantToken, method, url + path, sent);
  }

  private asAdmin(method: string, path: string, sent?: Sent): Promise<RecordedAnswer> {
    return this.http.send(this.deployment.adminToken, method, this.deployment.configApis[0]!.url + path, sent);
  }
}
