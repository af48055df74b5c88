import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AppError } from '#libs/errors';
import { asFailure, findServerAccount, lastLine, runAs, type CommandResult } from './postgres-account.js';
import { findPostgresBinaries } from './postgres-binaries.js';
import { ensureCluster, passwordFileOf, type ClusterPlan } from './postgres-cluster.js';
import { dropForeignPidFile, findRunningPostgres, isPostgresOf, type RunningPostgres } from './postgres-pid-file.js';

export interface EmbeddedPostgresOptions {
  /** Where the cluster lives; its password lies beside it in `<dataDir>-password` (mode 0600). */
  dataDir: string;
  /** On 127.0.0.1; a free one when absent. A server that already runs keeps its own. */
  port?: number;
  log?: (line: string) => void;
  /** Server settings, such as `max_connections`: in force when the server is started, not when it is adopted. */
  settings?: Record<string, string>;
}

const startTimeoutMs = 60_000;
const pollMs = 25;
const user = 'latchkey';

/**
 * A real PostgreSQL from npm packages, on 127.0.0.1 with a password, running on beside this process: a start adopts
 * the server that an earlier, killed process left running. Each step is atomic (password, cluster, server), so two
 * starts at once on one directory end with the same server.
 */
export class EmbeddedPostgres {
  readonly user = user;
  private running: RunningPostgres = { pid: 0, port: 0, status: 'starting' };
  /** Started by this process rather than adopted. */
  private launched = false;

  private constructor(
    private readonly plan: ClusterPlan,
    readonly password: string,
  ) {}

  /**
   * Answers when the server answers queries; otherwise throws an AppError whose sentence says what to do, and leaves
   * nothing running that it started.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const dataDir = resolve(options.dataDir);
    try {
      return await EmbeddedPostgres.launchIn(dataDir, options, options.log ?? (() => undefined));
    } catch (error) {
      const { code, path, syscall } = error as NodeJS.ErrnoException;
      if (!code || !syscall) throw error;
      throw unusable(
        `PostgreSQL cannot keep its data in ${dataDir} (${code} on ${path ?? syscall}); choose another`,
        error,
      );
    }
  }

  private static async launchIn(
    dataDir: string,
    options: EmbeddedPostgresOptions,
    log: (line: string) => void,
  ): Promise<EmbeddedPostgres> {
    const plan = await preparePlan(dataDir);
    if (plan.account) log(`PostgreSQL runs as the system user ${plan.account.name}`);
    const server = new EmbeddedPostgres(plan, await ensureCluster(plan, log));
    server.running = await server.adoptOrLaunch(options, log);
    try {
      await server.withClient((client) => client.query('SELECT 1'));
      return server;
    } catch (error) {
      if (server.launched) await server.stop();
      throw error;
    }
  }

  get port(): number {
    return this.running.port;
  }

  /** The postmaster's process id. */
  get pid(): number {
    return this.running.pid;
  }

  /** The connection URL of `database`, password included: never log it. */
  url(database: string): string {
    return `postgres://${this.user}:${this.password}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`;
  }

  /** Creates `database` unless it is there. */
  async ensureDatabase(database: string): Promise<void> {
    await this.withClient(async (client) => {
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
    });
  }

  /** Fast shutdown (open transactions are rolled back); answers when the process is gone. */
  async stop(): Promise<void> {
    await stopServer(this.plan);
  }

  /** Stops the server on `dataDir`, whoever started it; false when none runs. */
  static async stop(dataDir: string): Promise<boolean> {
    const running = await findRunningPostgres(resolve(dataDir));
    if (running) await stopServer(await preparePlan(resolve(dataDir)));
    return running !== undefined;
  }

  /** The postmaster's process id on `dataDir`, whoever started it; undefined when none runs. */
  static async findPid(dataDir: string): Promise<number | undefined> {
    return (await findRunningPostgres(resolve(dataDir)))?.pid;
  }

  private async adoptOrLaunch(options: EmbeddedPostgresOptions, log: (line: string) => void): Promise<RunningPostgres> {
    const deadline = Date.now() + startTimeoutMs;
    while (Date.now() < deadline) {
      const running = await findRunningPostgres(this.plan.dataDir);
      if (running?.status === 'ready') {
        if (!this.launched) log(`PostgreSQL was running already, on port ${running.port}`);
        return running;
      }
      if (running) await sleep(pollMs);
      else this.launched = await this.launch(options);
    }
    throw this.failure('postgres_start_failed', `did not become ready within ${startTimeoutMs / 1000} s`);
  }

  /** True when the server is up; false when another try may succeed: someone else was first, or a crash is clearing. */
  private async launch({ port, settings }: EmbeddedPostgresOptions): Promise<boolean> {
    await dropForeignPidFile(this.plan.dataDir);
    await this.writeSettings({
      ...settings,
      listen_addresses: '127.0.0.1',
      port: String(port ?? (await findFreePort())),
      unix_socket_directories: '',
    });
    const logFrom = (await stat(this.logFile).catch(() => undefined))?.size ?? 0;
    const started = await control(this.plan, 'start', ['-w', '-t', String(startTimeoutMs / 1000), '-l', this.logFile]);
    if (started.code === 0) return true;
    const said = (await readFile(this.logFile).catch(() => Buffer.alloc(0))).subarray(logFrom).toString();
    if (/could not bind/.test(said)) {
      if (port === undefined) return false;
      throw this.failure('postgres_port_taken', `cannot listen on 127.0.0.1:${port}, which is taken`);
    }
    if (!/lock file .* already exists|shared memory block/.test(said)) {
      const fatal = said.split('\n').filter((line) => line.includes('FATAL'));
      throw this.failure('postgres_start_failed', `did not start: ${lastLine(fatal.join('\n') || started.output)}`);
    }
    await sleep(pollMs * 10);
    return false;
  }

  /** Statements and row contents stay out of the server's log. */
  private async writeSettings(settings: Record<string, string>): Promise<void> {
    const all = { log_min_error_statement: 'panic', log_error_verbosity: 'terse', ...settings };
    const lines = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
    const target = join(this.plan.dataDir, 'latchkey.conf');
    const draft = `${target}.${randomBytes(4).toString('hex')}`;
    await writeFile(draft, lines.join(''), { mode: 0o600 });
    if (this.plan.account) await chown(draft, this.plan.account.uid, this.plan.account.gid);
    await rename(draft, target);
  }

  private async withClient(use: (client: pg.Client) => Promise<unknown>): Promise<void> {
    const client = new pg.Client({ connectionString: this.url('postgres'), connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await use(client);
    } catch (cause) {
      const refused = (cause as { code?: string }).code === '28P01';
      const hint = refused ? ` to the password in ${passwordFileOf(this.plan.dataDir)}` : '';
      throw this.failure('postgres_unavailable', `on port ${this.port} does not answer${hint}`, cause);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private get logFile(): string {
    return join(this.plan.dataDir, 'server.log');
  }

  private failure(code: string, sentence: string, cause?: unknown): AppError {
    return new AppError('unavailable', code, { message: `PostgreSQL ${sentence}; see ${this.logFile}`, cause });
  }
}

function control({ account, binaries, dataDir }: ClusterPlan, command: string, args: string[]): Promise<CommandResult> {
  return runAs(account, binaries.pgCtl, [command, '-D', dataDir, '-s', ...args]).catch(asFailure);
}

/** Fast; where that hangs (a stopped process, say) immediate; where that hangs too, killed: the next start recovers. */
async function stopServer(plan: ClusterPlan): Promise<void> {
  const running = await findRunningPostgres(plan.dataDir);
  if (!running) return;
  const inMode = (mode: string, seconds: number): Promise<CommandResult> =>
    control(plan, 'stop', ['-m', mode, '-w', '-t', String(seconds)]);
  const stopped = (await inMode('fast', 10)).code === 0 || (await inMode('immediate', 2)).code === 0;
  if (!stopped && (await isPostgresOf(running.pid, plan.dataDir))) process.kill(running.pid, 'SIGKILL');
  while (await isPostgresOf(running.pid, plan.dataDir)) await sleep(pollMs);
}

async function preparePlan(dataDir: string): Promise<ClusterPlan> {
  const binaries = await findPostgresBinaries();
  // pg_ctl puts its paths between double quotes in a shell command.
  const unsafe =
    process.platform === 'win32' ? undefined : [dataDir, binaries.root].find((path) => /["$`\\\n]/.test(path));
  if (unsafe)
    throw unusable(`PostgreSQL cannot live in ${unsafe}: move it to a path without quotes, "$", "\`" and "\\"`);
  await mkdir(dirname(dataDir), { recursive: true });
  return { dataDir, binaries, account: await findServerAccount(dataDir, [binaries.root]), user };
}

const unusable = (message: string, cause?: unknown): AppError =>
  new AppError('precondition_failed', 'data_directory_unusable', { message, cause });

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done, fail) => probe.once('error', fail).listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}
