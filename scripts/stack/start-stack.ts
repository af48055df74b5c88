import { join } from 'node:path';
import { topics } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { EmbeddedPostgres } from '#libs/keystore';
import { ensureTopics } from '#libs/messaging';
import { ensureKafkaJars, launchKafka } from './apache-kafka.js';
import { findFreePort, isFree } from './free-port.js';
import { probeGroupJoin } from './kafka-probe.js';
import { ensurePrograms } from './programs.js';
import { launchRedis, probeRedis, redisUrl } from './redis.js';
import { serverNames, type ServerName } from './server-name.js';
import { ServerProcess } from './server-process.js';
import { StackDirectory, type StackEnv, type StackPorts } from './stack-directory.js';
import { stackError } from './stack-error.js';
import { withStackLock } from './stack-lock.js';
import { within } from './within.js';

export interface StackOptions {
  /** Holds everything of this stack. Several stacks, each in its own directory, can run side by side. */
  directory: string;
  /** On 127.0.0.1; for those absent the ports of the last start, or free ones. */
  ports?: Partial<Record<ServerName, number>>;
  /** Of each topic that does not exist yet; 4 when absent. */
  partitionCount?: number;
  log?: (line: string) => void;
}

/** The database that the apps use. */
const stackDatabase = 'latchkey';

const kafkaTimeoutMs = 60_000;
const adoptTimeoutMs = 3_000;
const probeTimeoutMs = 5_000;
const hungGraceMs = 2_000;
const postgresSettings = { max_connections: '200', fsync: 'on', synchronous_commit: 'on' };

/**
 * Starts what does not run yet of PostgreSQL, Redis and Apache Kafka, and answers when all three serve: a query, an
 * authenticated PING, a group join, with every topic there. Safe to repeat, at once too. Throws AppError with one
 * sentence that says what to do.
 */
export async function startStack(options: StackOptions): Promise<StackEnv> {
  const directory = new StackDirectory(options.directory);
  const log = options.log ?? (() => undefined);
  await directory.prepare();
  return withStackLock(directory.path, log, async () => {
    await ensurePrograms(['redis', 'java'], directory.logFile('apt'), log);
    await ensureKafkaJars(directory, log);
    return new StackStart(directory, options, log).run();
  });
}

class StackStart {
  private ports: StackPorts = {};

  constructor(
    private readonly directory: StackDirectory,
    private readonly options: StackOptions,
    private readonly log: (line: string) => void,
  ) {}

  async run(): Promise<StackEnv> {
    const secrets = await this.directory.keepSecrets();
    await this.choosePorts();
    const [database, redis, broker] = await allOrFirstError([
      this.startPostgres(),
      this.startRedis(secrets.redisPassword),
      this.startKafka(),
    ]);
    const env: StackEnv = {
      DATABASE_URL: database!,
      REDIS_URL: redis!,
      KAFKA_BROKERS: broker!,
      LATCHKEY_KEK_FILE: join(this.directory.path, 'root-kek'),
      LATCHKEY_ADMIN_TOKEN: secrets.adminToken,
      LATCHKEY_SERVICE_TOKEN: secrets.serviceToken,
    };
    await this.directory.writePorts(this.ports);
    await this.directory.writeEnv(env);
    return env;
  }

  private async choosePorts(): Promise<void> {
    const remembered = await this.directory.readPorts();
    for (const name of [...serverNames, 'kafkaController'] as const) {
      const wanted = name === 'kafkaController' ? undefined : this.options.ports?.[name];
      this.ports[name] = await this.choosePort(name, wanted, remembered[name]);
    }
    await this.directory.writePorts(this.ports);
  }

  private async choosePort(
    name: keyof StackPorts,
    wanted: number | undefined,
    remembered: number | undefined,
  ): Promise<number> {
    if (remembered !== undefined && (await this.isOurs(name))) return remembered;
    if (wanted !== undefined) {
      if (await isFree(wanted)) return wanted;
      throw stackError('port_taken', `Port ${wanted} on 127.0.0.1, wanted for ${name}, is taken; choose another one.`);
    }
    if (remembered !== undefined && (await isFree(remembered))) return remembered;
    return findFreePort(Object.values(this.ports));
  }

  private async isOurs(name: keyof StackPorts): Promise<boolean> {
    if (name === 'postgres') return (await EmbeddedPostgres.findPid(this.directory.postgresData)) !== undefined;
    const server = name === 'kafkaController' ? 'kafka' : name;
    return (await new ServerProcess(server, this.directory).findPid()) !== undefined;
  }

  private async startPostgres(): Promise<string> {
    const since = Date.now();
    const postgres = await EmbeddedPostgres.start({
      dataDir: this.directory.postgresData,
      port: this.ports.postgres!,
      settings: postgresSettings,
    });
    this.ports.postgres = postgres.port;
    await postgres.ensureDatabase(stackDatabase);
    this.ready('postgres', postgres.port, since);
    return postgres.url(stackDatabase);
  }

  private async startRedis(password: string): Promise<string> {
    const since = Date.now();
    const port = this.ports.redis!;
    const server = new ServerProcess('redis', this.directory);
    if (!(await this.adopts(server, () => probeRedis(redisUrl(port, password))))) {
      await launchRedis(server, this.directory, { port, password });
    }
    this.ready('redis', port, since);
    return redisUrl(port, password);
  }

  private async startKafka(): Promise<string> {
    const since = Date.now();
    const broker = `127.0.0.1:${this.ports.kafka}`;
    const server = new ServerProcess('kafka', this.directory);
    const probe = async (): Promise<void> => {
      await within(
        probeTimeoutMs,
        ensureTopics(Object.values(topics), { brokers: [broker], partitions: this.options.partitionCount ?? 4 }),
      );
      await probeGroupJoin(broker);
    };
    if (!(await this.adopts(server, probe))) {
      await launchKafka(server, this.directory, { broker: this.ports.kafka!, controller: this.ports.kafkaController! });
      await server.awaitServing(probe, kafkaTimeoutMs);
    }
    this.ready('kafka', this.ports.kafka!, since);
    return broker;
  }

  /** Whether the server runs and serves already; one that runs but does not serve is stopped. */
  private async adopts(server: ServerProcess, probe: () => Promise<void>): Promise<boolean> {
    if (!(await server.findPid())) return false;
    try {
      await server.awaitServing(probe, adoptTimeoutMs);
      return true;
    } catch {
      this.log(`${server.name} runs but does not serve: starting it again`);
      await server.stop(hungGraceMs);
      return false;
    }
  }

  private ready(name: ServerName, port: number, since: number): void {
    this.log(`${name} serves on 127.0.0.1:${port} (${((Date.now() - since) / 1000).toFixed(1)} s)`);
  }
}

async function allOrFirstError<T>(work: Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(work);
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
  if (failed.length === 0) return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
  if (failed.length === 1) throw failed[0];
  const sentences = failed.map((reason) => AppError.from(reason).message);
  throw stackError('servers_not_started', sentences.join('\n'), new AggregateError(failed));
}
