import { randomUUID } from 'node:crypto';
import { outcomeId, topics, type CallKeysResolved } from '#libs/contracts';
import { KafkaEventBus } from '#libs/messaging';
import { ApiClient } from '../support/api-client.js';
import type { Deployment } from '../support/deployment.js';
import { KeyResolverClient } from '../support/key-resolver-client.js';
import { realStack } from '../support/real-stack.js';
import { History } from './history.js';
import { keyOf } from './numbered-key.js';
import { callConfig, RecordedReads } from './recorded-reads.js';

const providers = ['deepgram', 'openai', 'elevenlabs'] as const;

export interface WorkloadOptions {
  organizations: number;
  writers: number;
  grpcReaders: number;
  /** Calls in one batch on Kafka, and how many such batches are on their way at a time. */
  kafkaBatch: number;
  kafkaBatches: number;
  /** Stops when so many operations were recorded, or when `until` says so. */
  operationsMin: number;
  until?: (history: History) => boolean;
}

interface Tenant {
  id: string;
  api: ApiClient;
}

/**
 * Writers that rotate and revoke while readers resolve (Kafka, gRPC) and redeem, all recorded. A writer also reads
 * by itself, just before and just after its change: that is where an old answer would be found most surely.
 */
export class StrictnessWorkload {
  readonly history = new History();
  readonly reads = new RecordedReads(this.history);
  private readonly tenants: Tenant[] = [];
  private readonly resolverClients: KeyResolverClient[];
  private readonly bus: KafkaEventBus;
  private readonly answers = new Map<string, (answer: CallKeysResolved) => void>();
  private stopping = false;

  constructor(
    private readonly deployment: Deployment,
    private readonly options: WorkloadOptions,
  ) {
    this.resolverClients = deployment.resolvers.map(
      ({ grpcAddress }) => new KeyResolverClient(grpcAddress, deployment.serviceToken, 10_000),
    );
    this.bus = new KafkaEventBus({
      brokers: realStack().kafkaBrokers,
      clientId: 'strictness',
      source: 'test/orchestrator',
      topicPrefix: deployment.topicPrefix,
    });
  }

  async run(): Promise<void> {
    await this.prepare();
    const { writers, grpcReaders, kafkaBatches } = this.options;
    await Promise.all([
      ...Array.from({ length: writers }, (_, index) => this.write(index)),
      ...Array.from({ length: grpcReaders }, (_, index) => this.readByGrpc(index)),
      ...Array.from({ length: kafkaBatches }, () => this.readByKafka()),
    ]);
    this.resolverClients.forEach((client) => client.close());
    await this.bus.close();
  }

  private async prepare(): Promise<void> {
    const { configApis, adminToken } = this.deployment;
    const admin = new ApiClient(configApis[0]!.url, adminToken);
    for (let index = 0; index < this.options.organizations; index++) {
      const tenant = await admin.createOrganization(`strict ${index}`);
      this.tenants.push(tenant);
      for (const provider of providers) {
        await tenant.api.post('/api/v1/byok', { provider, api_key: keyOf(provider, 1) });
        await tenant.api.put(`/api/v1/byok/keys/${provider}/policy`, { fallback: 'never' });
      }
    }
    await this.bus.subscribe({
      topics: [topics.callKeysResolved],
      group: 'strictness',
      onSlice: async (slice) => {
        for (const event of slice) {
          this.answers.get(event.headers.ce_id ?? '')?.(
            JSON.parse(event.value?.toString() ?? 'null') as CallKeysResolved,
          );
        }
      },
    });
  }

  /** One writer owns its tenants: so it knows the next version of every slot. */
  private async write(writer: number): Promise<void> {
    const slots = this.tenants
      .filter((_, index) => index % this.options.writers === writer)
      .flatMap((tenant) => providers.map((provider) => ({ tenant, provider, version: 1 })));
    while (!this.done()) {
      const slot = slots[Math.floor(Math.random() * slots.length)]!;
      await (Math.random() < 0.25 ? this.revokeAndReplace(slot) : this.rotate(slot));
    }
  }

  private async rotate(slot: OwnedSlot): Promise<void> {
    const deadThrough = slot.version;
    slot.version += 1;
    await this.change(slot, deadThrough, `/api/v1/byok/keys/${slot.provider}/rotate`, {
      api_key: keyOf(slot.provider, slot.version),
      mode: 'immediate',
    });
  }

  private async revokeAndReplace(slot: OwnedSlot): Promise<void> {
    await this.change(slot, slot.version, `/api/v1/byok/keys/${slot.provider}/revoke`, undefined);
    slot.version += 1;
    await this.change(slot, slot.version - 1, '/api/v1/byok', {
      provider: slot.provider,
      api_key: keyOf(slot.provider, slot.version),
    });
  }

  private async change(slot: OwnedSlot, deadThrough: number, path: string, body: unknown): Promise<void> {
    const client = this.anyResolver();
    const held = await this.reads.resolve(client, slot.tenant.id);
    if (held) await this.reads.redeem(client, held);
    const start = performance.now();
    const answer = await slot.tenant.api.post(path, body);
    const end = performance.now();
    if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
    this.history.changes.push({ slot: `${slot.tenant.id}/${slot.provider}`, start, end, deadThrough });
    this.reads.operations += 1;
    await Promise.all([held && this.reads.redeem(client, held), this.reads.resolve(client, slot.tenant.id)]);
  }

  private async readByGrpc(reader: number): Promise<void> {
    const client = this.resolverClients[reader % this.resolverClients.length]!;
    while (!this.done()) {
      const answer = await this.reads.resolve(client, this.anyTenant().id);
      if (!answer) continue;
      await pause(Math.random() * 30);
      await this.reads.redeem(client, answer);
    }
  }

  private async readByKafka(): Promise<void> {
    while (!this.done()) {
      const calls = Array.from({ length: this.options.kafkaBatch }, () => ({
        id: randomUUID(),
        callId: randomUUID(),
        tenant: this.anyTenant(),
      }));
      const start = performance.now();
      const answered = Promise.all(calls.map(({ id }) => this.answerTo(id)));
      await this.bus.publish(
        calls.map(({ id, callId, tenant }) => ({
          topic: topics.callStarted,
          key: callId,
          id,
          type: topics.callStarted,
          value: Buffer.from(JSON.stringify({ call_id: callId, organization_id: tenant.id, config: callConfig })),
          time: new Date().toISOString(),
        })),
      );
      const answers = await answered;
      for (const answer of answers) this.reads.record(answer, start, 'kafka');
      // Redeem at the other resolver than the one that happened to resolve, as often as not.
      const redeemed = answers.slice(0, Math.ceil(answers.length / 4));
      await Promise.all(redeemed.map((answer) => this.reads.redeem(this.anyResolver(), answer)));
    }
  }

  private answerTo(eventId: string): Promise<CallKeysResolved> {
    const id = outcomeId(eventId, topics.callKeysResolved);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('a call was not answered in 60 s')), 60_000);
      this.answers.set(id, (answer) => {
        clearTimeout(timer);
        this.answers.delete(id);
        resolve(answer);
      });
    });
  }

  private anyTenant(): Tenant {
    return this.tenants[Math.floor(Math.random() * this.tenants.length)]!;
  }

  private anyResolver(): KeyResolverClient {
    return this.resolverClients[Math.floor(Math.random() * this.resolverClients.length)]!;
  }

  private done(): boolean {
    this.stopping ||=
      this.reads.operations >= this.options.operationsMin || (this.options.until?.(this.history) ?? false);
    return this.stopping;
  }
}

interface OwnedSlot {
  tenant: Tenant;
  provider: string;
  version: number;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
