import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerName } from './server-name.js';
import { stackError } from './stack-error.js';

/** What an app needs to use the stack, as the lines of `.stack/env` say it. */
export interface StackEnv {
  DATABASE_URL: string;
  REDIS_URL: string;
  KAFKA_BROKERS: string;
  LATCHKEY_KEK_FILE: string;
  LATCHKEY_ADMIN_TOKEN: string;
  LATCHKEY_SERVICE_TOKEN: string;
}

/** What is made once and kept for the life of a stack directory. */
export interface StackSecrets {
  redisPassword: string;
  adminToken: string;
  serviceToken: string;
}

/** A TCP port on 127.0.0.1 for each server; `kafkaController` is internal to Kafka. */
export type StackPorts = Partial<Record<ServerName | 'kafkaController', number>>;

/** One stack's files: servers' state, `run/` (process ids), `log/`, `env`. */
export class StackDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get envFile(): string {
    return join(this.path, 'env');
  }

  get postgresData(): string {
    return join(this.path, 'postgres');
  }

  logFile(server: string): string {
    return server === 'postgres' ? join(this.postgresData, 'server.log') : join(this.path, 'log', `${server}.log`);
  }

  pidFile(server: ServerName): string {
    return join(this.path, 'run', `${server}.pid`);
  }

  /** Makes the directory; throws when it cannot be written, or belongs to another user. */
  async prepare(): Promise<void> {
    try {
      for (const name of ['', 'run', 'log', 'tmp']) await mkdir(join(this.path, name), { recursive: true });
      await access(join(this.path, 'run'), constants.W_OK);
      if ((await stat(this.path)).uid !== process.getuid?.()) throw new Error('made by another user');
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
      const advice = 'use the user who made it, or set LATCHKEY_STACK_DIR to another directory';
      throw stackError('stack_directory_unusable', `${this.path} cannot be used (${reason}); ${advice}`, cause);
    }
  }

  async readPorts(): Promise<StackPorts> {
    return (await this.readJson<StackPorts>('ports.json')) ?? {};
  }

  writePorts(ports: StackPorts): Promise<void> {
    return this.write('ports.json', `${JSON.stringify(ports, undefined, 2)}\n`);
  }

  /** The same tokens and passwords at every start. */
  async keepSecrets(): Promise<StackSecrets> {
    const kept = await this.readJson<Partial<StackSecrets>>('secrets.json');
    const secrets: StackSecrets = {
      redisPassword: random(),
      adminToken: `lk_admin_${random()}`,
      serviceToken: `lk_service_${random()}`,
      ...kept,
    };
    await this.write('secrets.json', `${JSON.stringify(secrets, undefined, 2)}\n`);
    return secrets;
  }

  /** What the last start wrote; undefined before the first. */
  async readEnv(): Promise<StackEnv | undefined> {
    const text = await readFile(this.envFile, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const lines = text.split('\n').filter((line) => line.includes('='));
    return Object.fromEntries(lines.map((line) => /^([^=]*)=(.*)$/.exec(line)!.slice(1))) as StackEnv;
  }

  writeEnv(env: StackEnv): Promise<void> {
    const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
    return this.write('env', lines.join(''));
  }

  /** Replaces a file at once, readable by its owner only: some hold secrets. */
  async write(name: string, text: string): Promise<void> {
    const draft = join(this.path, `${name}.${randomBytes(4).toString('hex')}`);
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, join(this.path, name));
  }

  private async readJson<T>(name: string): Promise<T | undefined> {
    const text = await readFile(join(this.path, name), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }
}

const random = (): string => randomBytes(32).toString('base64url');

/** The repository's top, from source and from `dist` alike. */
export const projectRoot: string = findProjectRoot(dirname(fileURLToPath(import.meta.url)));

function findProjectRoot(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : findProjectRoot(dirname(from));
}
