import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { ChildApp } from './child-app.js';
import { findFreePort } from '../../scripts/stack/free-port.js';
import { freshKekFile, freshTopicPrefix, FreshDatabase, realStack } from './real-stack.js';

export interface DeploymentOptions {
  /** Of 0, the first one a test adds prepares the database, and must come before any resolver. */
  configApis?: number;
  resolvers?: number;
  /** Compiled entry of the resolvers; one with a planted bug where a test wants to see it caught. */
  resolverEntry?: string;
  partitions?: number;
  /** Another broker than the shared one. */
  kafkaBrokers?: string[];
  /** More environment for every app. */
  env?: Record<string, string>;
}

export interface RunningResolver {
  app: ChildApp;
  grpcAddress: string;
  httpUrl: string;
}

export interface RunningConfigApi {
  app: ChildApp;
  url: string;
}

/** The split deployment on the real servers: its own database, topics and root KEK, its own processes. */
export class Deployment {
  readonly configApis: RunningConfigApi[] = [];
  readonly resolvers: RunningResolver[] = [];
  readonly adminToken = `test-admin-${randomBytes(24).toString('hex')}`;
  readonly serviceToken = `test-service-${randomBytes(24).toString('hex')}`;

  private constructor(
    readonly database: FreshDatabase,
    readonly topicPrefix: string,
    readonly kekFile: string,
    private readonly options: DeploymentOptions,
  ) {}

  static async start(options: DeploymentOptions = {}): Promise<Deployment> {
    const database = await FreshDatabase.create({ migrated: false });
    const prefix = await freshTopicPrefix(options.partitions ?? 4, options.kafkaBrokers);
    const deployment = new Deployment(database, prefix, freshKekFile(), options);
    try {
      await deployment.startApps();
      return deployment;
    } catch (error) {
      await deployment.stop();
      throw error;
    }
  }

  async addConfigApi(env: Record<string, string> = {}): Promise<RunningConfigApi> {
    const port = await findFreePort([]);
    const url = `http://127.0.0.1:${port}`;
    const app = await ChildApp.start({
      entry: 'apps/config-api/src/main.js',
      readyUrl: `${url}/health/ready`,
      env: {
        ...this.sharedEnv(),
        LATCHKEY_HTTP_PORT: String(port),
        LATCHKEY_ADMIN_TOKEN: this.adminToken,
        ...env,
      },
    });
    const running = { app, url };
    this.configApis.push(running);
    return running;
  }

  async addResolver(env: Record<string, string> = {}): Promise<RunningResolver> {
    const grpcPort = await findFreePort([]);
    const httpPort = await findFreePort([grpcPort]);
    const httpUrl = `http://127.0.0.1:${httpPort}`;
    const app = await ChildApp.start({
      entry: this.options.resolverEntry ?? 'apps/resolver/src/main.js',
      readyUrl: `${httpUrl}/health/ready`,
      env: {
        ...this.sharedEnv(),
        REDIS_URL: realStack().redisUrl,
        LATCHKEY_GRPC_PORT: String(grpcPort),
        LATCHKEY_RESOLVER_HTTP_PORT: String(httpPort),
        LATCHKEY_SERVICE_TOKEN: this.serviceToken,
        ...env,
      },
    });
    const running = { app, grpcAddress: `127.0.0.1:${grpcPort}`, httpUrl };
    this.resolvers.push(running);
    return running;
  }

  get kafkaBrokers(): string[] {
    return this.options.kafkaBrokers ?? realStack().kafkaBrokers;
  }

  /** Everything all processes printed. */
  output(): string {
    return [...this.configApis, ...this.resolvers].map(({ app }) => app.output).join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.configApis, ...this.resolvers].map(({ app }) => app.stop()));
    await this.database.drop();
    await rm(this.kekFile, { force: true });
  }

  /** The first config-api prepares database and root KEK; the rest may start side by side. */
  private async startApps(): Promise<void> {
    const { configApis = 1, resolvers = 1 } = this.options;
    if (configApis !== 0) await this.addConfigApi();
    const started = await Promise.allSettled([
      ...Array.from({ length: configApis - 1 }, () => this.addConfigApi()),
      ...Array.from({ length: resolvers }, () => this.addResolver()),
    ]);
    for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
  }

  private sharedEnv(): Record<string, string> {
    return {
      DATABASE_URL: this.database.url,
      KAFKA_BROKERS: this.kafkaBrokers.join(','),
      LATCHKEY_TOPIC_PREFIX: this.topicPrefix,
      LATCHKEY_KEK_FILE: this.kekFile,
      // Made-up keys: no provider shall be asked about them.
      LATCHKEY_VALIDATE_KEYS: 'false',
      // Tests send as many requests as they like.
      LATCHKEY_RATE_LIMIT_PER_MINUTE: '0',
      LATCHKEY_AUTH_FAILURES_PER_MINUTE: '0',
      ...this.options.env,
    };
  }
}
