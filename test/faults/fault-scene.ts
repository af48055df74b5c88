import type { CallKeysResolved } from '#libs/contracts';
import pg from 'pg';
import { ApiClient } from '../support/api-client.js';
import { Deployment, type RunningResolver } from '../support/deployment.js';
import { KeyResolverClient, type ResolvedCall } from '../support/key-resolver-client.js';
import { realStack } from '../support/real-stack.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { CallLedger } from './call-ledger.js';

/** Slots in which the scene's organization has keys. */
export const providers = ['deepgram', 'openai', 'elevenlabs'] as const;

export interface SceneOptions {
  resolvers?: number;
  partitions?: number;
  kafkaBrokers?: string[];
  /** More environment for every app. */
  env?: Record<string, string>;
}

/** A split deployment that reaches PostgreSQL and Redis through proxies, with one organization that has keys. */
export class FaultScene {
  /** The organization. */
  tenant!: { id: string; api: ApiClient };
  private readonly clients: KeyResolverClient[] = [];

  private constructor(
    readonly deployment: Deployment,
    readonly proxies: { apiPostgres: TcpProxy; resolverPostgres: TcpProxy; redis: TcpProxy },
    readonly ledger: CallLedger,
  ) {}

  static async start({ resolvers = 1, ...options }: SceneOptions = {}): Promise<FaultScene> {
    const deployment = await Deployment.start({ ...options, configApis: 0, resolvers: 0 });
    const proxies = {
      apiPostgres: await TcpProxy.start(deployment.database.url),
      resolverPostgres: await TcpProxy.start(deployment.database.url),
      redis: await TcpProxy.start(realStack().redisUrl),
    };
    const scene = new FaultScene(deployment, proxies, await CallLedger.open(deployment));
    try {
      await scene.prepare(resolvers);
      return scene;
    } catch (error) {
      await scene.stop();
      throw error;
    }
  }

  addResolver(): Promise<RunningResolver> {
    return this.deployment.addResolver({
      DATABASE_URL: this.proxies.resolverPostgres.urlOf(this.deployment.database.url),
      REDIS_URL: this.proxies.redis.urlOf(realStack().redisUrl),
    });
  }

  /** A client of one of the resolvers that waits `timeoutMs` for every answer. */
  client(timeoutMs = 5_000, resolver = this.deployment.resolvers.length - 1): KeyResolverClient {
    const { deployment } = this;
    const client = new KeyResolverClient(
      deployment.resolvers[resolver]!.grpcAddress,
      deployment.serviceToken,
      timeoutMs,
    );
    this.clients.push(client);
    return client;
  }

  keyOf(provider: string, version: number): string {
    return `sk-fault-${provider}-${version}`;
  }

  async store(provider: string, apiKey: string): Promise<void> {
    const answer = await this.tenant.api.post('/api/v1/byok', { provider, api_key: apiKey });
    if (answer.status !== 200) throw new Error(`the key was not stored: ${answer.text}`);
  }

  /** Replaces a key at once, by which every handle of the old one dies. */
  rotateAtOnce(provider: string, apiKey: string): ReturnType<ApiClient['post']> {
    return this.tenant.api.post(`/api/v1/byok/keys/${provider}/rotate`, { api_key: apiKey, mode: 'immediate' });
  }

  /** Rows of the database itself, whatever the apps can reach. */
  async query<T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.deployment.database.url });
    await client.connect();
    try {
      return (await client.query<T>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** The last resolver's own word on whether it can work. */
  readiness(): Promise<Readiness> {
    return readinessOf(this.deployment.resolvers.at(-1)!.httpUrl);
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.ledger.close();
    await this.deployment.stop();
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.stop()));
  }

  private async prepare(resolvers: number): Promise<void> {
    const { url } = await this.deployment.addConfigApi({
      DATABASE_URL: this.proxies.apiPostgres.urlOf(this.deployment.database.url),
    });
    this.tenant = await new ApiClient(url, this.deployment.adminToken).createOrganization('faults');
    for (const provider of providers) await this.store(provider, this.keyOf(provider, 1));
    for (let count = 0; count < resolvers; count += 1) await this.addResolver();
  }
}

export interface Readiness {
  httpStatus: number;
  status: 'ready' | 'not_ready';
  checks: Record<string, { healthy: boolean; reason?: string }>;
}

/** What an app answers to `GET /health/ready`. */
export async function readinessOf(baseUrl: string): Promise<Readiness> {
  const answer = await fetch(`${baseUrl}/health/ready`);
  return { ...((await answer.json()) as Omit<Readiness, 'httpStatus'>), httpStatus: answer.status };
}

/** The key of each component that has one. */
export function apiKeysOf(components: readonly { component: string; api_key?: string }[]): Record<string, string> {
  return Object.fromEntries(components.flatMap(({ component, api_key: key }) => (key ? [[component, key]] : [])));
}

/** The handles of an answer, in its order. */
export function handlesOf(answer: ResolvedCall | CallKeysResolved): string[] {
  return answer.components.flatMap((component) => ('handle' in component && component.handle) || []);
}
