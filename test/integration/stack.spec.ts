import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { EmbeddedPostgres } from '#libs/keystore';
import { serverNames, type ServerName } from '../../scripts/stack/server-name.js';
import { ServerProcess } from '../../scripts/stack/server-process.js';
import { projectRoot, StackDirectory, type StackEnv } from '../../scripts/stack/stack-directory.js';
import { describeStack } from '../../scripts/stack/stack-status.js';
import { startStack } from '../../scripts/stack/start-stack.js';
import { stopStack } from '../../scripts/stack/stop-stack.js';

jest.setTimeout(120_000);

let directory: string;
let env: StackEnv;

beforeAll(async () => {
  await mkdir(join(projectRoot, '.stack'), { recursive: true });
  directory = await mkdtemp(join(projectRoot, '.stack', 'spec-'));
  env = await startStack({ directory });
});

afterAll(async () => {
  await stopStack(directory);
  await rm(directory, { recursive: true, force: true });
});

async function pids(): Promise<Record<ServerName, number | undefined>> {
  const servers = await describeStack(directory);
  return Object.fromEntries(servers.map(({ server, pid }) => [server, pid])) as Record<ServerName, number | undefined>;
}

async function states(): Promise<Set<string>> {
  return new Set((await describeStack(directory)).map(({ state }) => state));
}

describe('the native stack', () => {
  it('serves on the loopback address when it has started', async () => {
    expect(await states()).toEqual(new Set(['serves']));
    for (const address of [env.KAFKA_BROKERS, new URL(env.DATABASE_URL).host, new URL(env.REDIS_URL).host]) {
      expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    }
  });

  it('keeps secrets in files that only their owner reads, and out of every process list', async () => {
    const stack = new StackDirectory(directory);
    for (const file of [stack.envFile, join(directory, 'redis.conf'), join(directory, 'secrets.json')]) {
      expect((await stat(file)).mode & 0o077).toBe(0);
    }
    const password = new URL(env.REDIS_URL).password;
    for (const pid of Object.values(await pids())) {
      expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(password);
    }
  });

  it('is left alone by a second start, even by two at once', async () => {
    const before = await pids();
    expect(await Promise.all([startStack({ directory }), startStack({ directory })])).toEqual([env, env]);
    expect(await pids()).toEqual(before);
  });

  it('is whole again, with the same addresses and secrets, after every server was killed', async () => {
    for (const pid of Object.values(await pids())) process.kill(pid!, 'SIGKILL');
    expect(await states()).not.toContain('serves');
    expect(await startStack({ directory })).toEqual(env);
    expect(await states()).toEqual(new Set(['serves']));
  });

  it('stops completely even when its servers hang, and never signals a process that is not its own', async () => {
    const redis = new ServerProcess('redis', new StackDirectory(directory));
    for (const pid of Object.values(await pids())) process.kill(pid!, 'SIGSTOP');
    await stopStack(directory);
    expect(await states()).toEqual(new Set(['stopped']));
    await writeFile(join(directory, 'run', 'redis.pid'), `${process.pid} of-another-time\n`);
    expect(await redis.findPid()).toBeUndefined();
    expect(await redis.stop(0)).toBe(false);
    expect(await EmbeddedPostgres.findPid(join(directory, 'postgres'))).toBeUndefined();
    expect((await describeStack(directory)).map(({ server }) => server)).toEqual([...serverNames]);
  });
});
