import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ServerProcess } from './server-process.js';
import { StackDirectory } from './stack-directory.js';
import { withStackLock } from './stack-lock.js';

let directory: StackDirectory;
let server: ServerProcess;

beforeEach(async () => {
  directory = new StackDirectory(await mkdtemp(join(tmpdir(), 'latchkey-stack-')));
  await directory.prepare();
  server = new ServerProcess('redis', directory);
});

afterEach(async () => {
  await server.stop(0);
  await rm(directory.path, { recursive: true, force: true });
});

describe('ServerProcess', () => {
  it('is found again by another instance, and gone after stop', async () => {
    await server.launch('sleep', ['60']);
    const pid = await new ServerProcess('redis', directory).findPid();
    expect(pid).toBeGreaterThan(0);
    expect(await server.stop(1_000)).toBe(true);
    expect(await server.findPid()).toBeUndefined();
    expect(await server.stop(1_000)).toBe(false);
  });

  it('is killed when it does not heed SIGTERM', async () => {
    await server.launch('sh', ['-c', 'trap "" TERM; while :; do sleep 0.05; done']);
    expect(await server.stop(100)).toBe(true);
    expect(await server.findPid()).toBeUndefined();
  });

  it('is never taken for a process that got its number later', async () => {
    await writeFile(directory.pidFile('redis'), `${process.pid} started/some-other-time\n`);
    expect(await server.findPid()).toBeUndefined();
  });

  it('says why it ended while starting, and where its log is', async () => {
    await server.launch('sh', ['-c', 'echo "Fatal error: no such luck" >&2; exit 3']);
    const start = server.awaitServing(() => Promise.reject(new Error('refused')), 5_000);
    await expect(start).rejects.toMatchObject({
      message: `redis ended while starting: Fatal error: no such luck; see ${server.logFile}`,
    });
  });

  it('says which program is missing', async () => {
    await expect(server.launch('no-such-program', [])).rejects.toMatchObject({ code: 'program_not_started' });
  });
});

describe('StackDirectory', () => {
  it('makes secrets once and shows them to their owner only', async () => {
    const secrets = await directory.keepSecrets();
    expect(secrets.adminToken).toMatch(/^lk_admin_[\w-]{43}$/);
    expect(secrets.serviceToken).toMatch(/^lk_service_[\w-]{43}$/);
    expect(await directory.keepSecrets()).toEqual(secrets);
    expect((await stat(join(directory.path, 'secrets.json'))).mode & 0o777).toBe(0o600);
  });

  it('reads back the environment that it wrote, one KEY=value a line', async () => {
    const env = {
      DATABASE_URL: 'postgres://latchkey:a=b@127.0.0.1:1/latchkey',
      REDIS_URL: 'redis://:p@127.0.0.1:2',
      KAFKA_BROKERS: '127.0.0.1:3',
      LATCHKEY_KEK_FILE: '/somewhere/root-kek',
      LATCHKEY_ADMIN_TOKEN: 'lk_admin_x',
      LATCHKEY_SERVICE_TOKEN: 'lk_service_x',
    };
    await directory.writeEnv(env);
    expect(await directory.readEnv()).toEqual(env);
    expect((await readFile(directory.envFile, 'utf8')).split('\n')[2]).toBe('KAFKA_BROKERS=127.0.0.1:3');
  });

  it('answers one sentence when it cannot be written', async () => {
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    await chmod(file, 0o400);
    await expect(new StackDirectory(join(file, 'stack')).prepare()).rejects.toMatchObject({
      code: 'stack_directory_unusable',
    });
  });
});

describe('withStackLock', () => {
  it('lets one command at a time work on a directory, and the next go on after a failure', async () => {
    let working = 0;
    const work = async (): Promise<void> => {
      working += 1;
      expect(working).toBe(1);
      await new Promise((done) => setTimeout(done, 20));
      working -= 1;
      throw new Error('failed');
    };
    const both = [1, 2].map(() => withStackLock(directory.path, () => undefined, work));
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(String((outcomes[1] as PromiseRejectedResult).reason)).toBe('Error: failed');
  });
});
