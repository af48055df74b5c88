import { randomBytes } from 'node:crypto';
import { FakeProviderServer } from '#apps/fake-provider';
import { createDataSource } from '#libs/keystore';
import type { DataSource } from 'typeorm';
import { Orchestrator } from '../e2e/orchestrator.js';
import { until } from '../faults/until.js';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { KeyResolverClient, type ResolvedCall } from '../support/key-resolver-client.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

export interface Tenant {
  id: string;
  api: ApiClient;
}

interface KeyRow {
  provider: string;
  state: string;
  secret_id: string | null;
  epoch: number;
}

/** What every call here needs a key for. */
export const config = { stt_config: { provider: 'deepgram', model: 'nova-3' } };

/** Two config-apis that share reports, checks and webhooks, a resolver, a provider and a receiver. */
export class QuarantineScene {
  private callCount = 0;

  private constructor(
    readonly deployment: Deployment,
    readonly outside: { provider: FakeProviderServer; receiver: WebhookReceiver; orchestrator: Orchestrator },
    readonly grpc: KeyResolverClient,
    private readonly database: DataSource,
  ) {}

  static async start(): Promise<QuarantineScene> {
    const provider = await FakeProviderServer.start();
    const deployment = await Deployment.start({
      configApis: 2,
      env: {
        LATCHKEY_PROVIDER_BASE_URLS: provider.url,
        LATCHKEY_PROVIDER_PRIVATE_ADDRESSES: 'true',
        LATCHKEY_WEBHOOK_PRIVATE_ADDRESSES: 'true',
      },
    });
    const outside = {
      provider,
      receiver: await WebhookReceiver.start(),
      orchestrator: await Orchestrator.listen(deployment),
    };
    const grpc = new KeyResolverClient(deployment.resolvers[0]!.grpcAddress, deployment.serviceToken, 10_000);
    const database = createDataSource({ url: deployment.database.url, applicationName: 'spec' });
    return new QuarantineScene(deployment, outside, grpc, await database.initialize());
  }

  async stop(): Promise<void> {
    this.grpc.close();
    await this.outside.orchestrator.close();
    await this.database.destroy();
    await this.deployment.stop();
    await this.outside.receiver.close();
    await this.outside.provider.close();
  }

  get admin(): ApiClient {
    return new ApiClient(this.deployment.configApis[0]!.url, this.deployment.adminToken);
  }

  newKey(): string {
    return `canary${randomBytes(12).toString('hex')}`;
  }

  async newTenant(key: string): Promise<Tenant> {
    const tenant = await this.admin.createOrganization('Acme');
    await this.storeKey(tenant.api, key);
    return tenant;
  }

  async storeKey(api: ApiClient, key: string, path = '/api/v1/byok'): Promise<void> {
    const answer = await api.post(path, { provider: 'deepgram', api_key: key });
    if (answer.status !== 200) throw new Error(`no key: ${answer.text}`);
  }

  nextCallId(): string {
    this.callCount += 1;
    return `call-${this.callCount}`;
  }

  startCall(organizationId: string): Promise<ResolvedCall> {
    return this.grpc.resolveCall({ call_id: this.nextCallId(), organization_id: organizationId, config });
  }

  /** The `stt` of a new call. */
  async sttOfCall(organizationId: string): Promise<object> {
    return sttOf(await this.startCall(organizationId));
  }

  report({ call_id }: Pick<ResolvedCall, 'call_id'>, organizationId: string, component = 'stt'): Promise<object> {
    return this.grpc.reportFailure({ call_id, organization_id: organizationId, component, status: 401 });
  }

  async keyRow(api: ApiClient): Promise<KeyRow> {
    const { body } = await api.get<{ keys: KeyRow[] }>('/api/v1/byok/keys');
    return body.keys.find((row) => row.provider === 'deepgram')!;
  }

  untilState(api: ApiClient, state: string): Promise<void> {
    return until(`the key is ${state}`, async () => (await this.keyRow(api)).state === state);
  }

  /** How often the provider was asked about the key. */
  probesOf(key: string): number {
    return this.outside.provider.requestsWith('deepgram', key).length;
  }

  /** Does not wait for the time at which the keys of the organization are to be checked. */
  async checkNow(organizationId: string): Promise<void> {
    await this.database.query(
      `UPDATE key_version SET check_due_at = now() WHERE organization_id = $1 AND check_due_at IS NOT NULL`,
      [organizationId],
    );
  }

  /** When a key of the organization is checked next; null: not by itself. */
  async dueInSeconds(organizationId: string): Promise<number | null> {
    const rows = await this.database.query<{ seconds: number | null }[]>(
      `SELECT extract(epoch FROM max(check_due_at) - now())::float AS seconds FROM key_version
       WHERE organization_id = $1`,
      [organizationId],
    );
    return rows[0]!.seconds;
  }
}

/** What the answer says of `stt`. */
export function sttOf(call: Pick<ResolvedCall, 'components'>): object {
  return call.components.find(({ component }) => component === 'stt')!;
}
