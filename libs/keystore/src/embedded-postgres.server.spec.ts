import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { EmbeddedPostgres } from './embedded-postgres.server.js';
import { isPostgresOf } from './postgres-pid-file.js';

jest.setTimeout(60_000);

let home: string;
let dataDir: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'latchkey-postgres-'));
  await chmod(home, 0o711);
  dataDir = join(home, 'cluster');
});

afterEach(async () => {
  await EmbeddedPostgres.stop(dataDir);
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

async function query<Row extends pg.QueryResultRow>(
  server: EmbeddedPostgres,
  sql: string,
  database = 'postgres',
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('EmbeddedPostgres', () => {
  it('starts PostgreSQL 18 in UTF-8 on the loopback address only, and never without a password', async () => {
    const server = await EmbeddedPostgres.start({ dataDir, settings: { max_connections: '37' } });
    const rows = await query<{ name: string; setting: string }>(
      server,
      `SELECT name, setting FROM pg_settings WHERE name IN ('server_version_num', 'server_encoding', 'listen_addresses',
       'unix_socket_directories', 'max_connections', 'fsync', 'synchronous_commit', 'password_encryption')`,
    );
    const settings = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    expect(settings).toMatchObject({
      server_encoding: 'UTF8',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '37',
      fsync: 'on',
      synchronous_commit: 'on',
      password_encryption: 'scram-sha-256',
    });
    expect(settings['server_version_num']).toMatch(/^18/);
    const stranger = new pg.Client({ connectionString: server.url('postgres').replace(server.password, 'guess') });
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });
  });

  it('keeps its password readable by its owner only', async () => {
    const server = await EmbeddedPostgres.start({ dataDir });
    expect((await stat(`${dataDir}-password`)).mode & 0o777).toBe(0o600);
    expect(await readFile(`${dataDir}-password`, 'utf8')).toBe(server.password);
  });

  it('a server that refuses the password is not left running', async () => {
    await (await EmbeddedPostgres.start({ dataDir })).stop();
    const password = await readFile(`${dataDir}-password`, 'utf8');
    await writeFile(`${dataDir}-password`, 'another');
    await expect(EmbeddedPostgres.start({ dataDir })).rejects.toMatchObject({ code: 'postgres_unavailable' });
    expect(await EmbeddedPostgres.findPid(dataDir)).toBeUndefined();
    await writeFile(`${dataDir}-password`, password);
  });

  it('has every committed row again after its processes were killed', async () => {
    const first = await EmbeddedPostgres.start({ dataDir });
    await query(first, 'CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)');
    process.kill(first.pid, 'SIGKILL');
    const second = await EmbeddedPostgres.start({ dataDir });
    expect(await query(second, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    expect(second.pid).not.toBe(first.pid);
  });

  it('adopts a server that runs already', async () => {
    const first = await EmbeddedPostgres.start({ dataDir });
    const second = await EmbeddedPostgres.start({ dataDir });
    expect([second.pid, second.port]).toEqual([first.pid, first.port]);
    await query(second, 'SELECT 1');
  });

  it('gives two starts at the same moment one and the same server, from an empty directory too', async () => {
    const fresh = join(home, 'contested');
    const [one, two] = await Promise.all([1, 2].map(() => EmbeddedPostgres.start({ dataDir: fresh })));
    expect([two?.pid, two?.password]).toEqual([one?.pid, one?.password]);
    await one?.stop();
    const again = await Promise.all([1, 2, 3].map(() => EmbeddedPostgres.start({ dataDir: fresh })));
    expect(new Set(again.map(({ pid }) => pid)).size).toBe(1);
    await again[0]?.stop();
  });

  it('is no child of the process that started it, and so outlives it', async () => {
    const { pid } = await EmbeddedPostgres.start({ dataDir });
    const { stdout } = await promisify(execFile)('ps', ['-o', 'ppid=', '-p', String(pid)]);
    expect(Number(stdout)).not.toBe(process.pid);
  });

  it('leaves no process after stop, and stopping twice is harmless', async () => {
    const server = await EmbeddedPostgres.start({ dataDir });
    expect(await EmbeddedPostgres.findPid(dataDir)).toBe(server.pid);
    await server.stop();
    expect(await EmbeddedPostgres.findPid(dataDir)).toBeUndefined();
    expect(await EmbeddedPostgres.stop(dataDir)).toBe(false);
    expect(await isPostgresOf(server.pid, dataDir)).toBe(false);
    await expect(query(server, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.stop();
  });

  it('is not misled by a pid file whose number now belongs to another process', async () => {
    const server = await EmbeddedPostgres.start({ dataDir });
    const pidFile = join(dataDir, 'postmaster.pid');
    const left = await readFile(pidFile, 'utf8');
    await server.stop();
    await writeFile(pidFile, left.replace(/^\d+/, String(process.pid)));
    expect((await EmbeddedPostgres.start({ dataDir })).pid).not.toBe(process.pid);
  });

  it('creates a database once, however often it is asked', async () => {
    const server = await EmbeddedPostgres.start({ dataDir });
    await server.ensureDatabase('a "quoted" name');
    await server.ensureDatabase('a "quoted" name');
    const named = await query<{ name: string }>(server, 'SELECT current_database() AS name', 'a "quoted" name');
    expect(named).toEqual([{ name: 'a "quoted" name' }]);
  });

  it('says which port is taken', async () => {
    await (await EmbeddedPostgres.start({ dataDir })).stop();
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => squatter.once('listening', done));
    const { port } = squatter.address() as { port: number };
    await expect(EmbeddedPostgres.start({ dataDir, port })).rejects.toMatchObject({
      code: 'postgres_port_taken',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    await new Promise((done) => squatter.close(done));
  });

  it('refuses a cluster of another major version, and a directory that holds something else', async () => {
    await (await EmbeddedPostgres.start({ dataDir })).stop();
    await writeFile(join(dataDir, 'PG_VERSION'), '13\n');
    await expect(EmbeddedPostgres.start({ dataDir })).rejects.toMatchObject({
      code: 'postgres_version_mismatch',
      message: expect.stringContaining('made by PostgreSQL 13'),
    });
    await writeFile(join(dataDir, 'PG_VERSION'), '18\n');
    const other = join(home, 'other');
    await mkdir(other);
    await writeFile(join(other, 'letter.txt'), 'hello');
    await expect(EmbeddedPostgres.start({ dataDir: other })).rejects.toMatchObject({ code: 'postgres_init_failed' });
    expect(await readFile(join(other, 'letter.txt'), 'utf8')).toBe('hello');
  });

  it('works below a directory that only its owner may enter, or names that directory', async () => {
    const closed = join(home, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const outcome = await EmbeddedPostgres.start({ dataDir: join(closed, 'cluster') }).then(
      async (server) => {
        await query(server, 'SELECT 1');
        await server.stop();
        return 'works';
      },
      (error: Error) => (error.message.includes(closed) ? 'names it' : error.message),
    );
    expect(['works', 'names it']).toContain(outcome);
  });

  it('answers one sentence, not a system error, when its place cannot be written', async () => {
    const file = join(home, 'a-file');
    await writeFile(file, '');
    await expect(EmbeddedPostgres.start({ dataDir: join(file, 'cluster') })).rejects.toMatchObject({
      code: 'data_directory_unusable',
      message: expect.stringContaining(file),
    });
  });

  it('puts no statement and no row content in its log', async () => {
    const server = await EmbeddedPostgres.start({ dataDir });
    const broken = query(
      server,
      "CREATE TABLE once (k text PRIMARY KEY); INSERT INTO once VALUES ('canary'), ('canary')",
    );
    await expect(broken).rejects.toMatchObject({ code: '23505' });
    const log = await readFile(join(dataDir, 'server.log'), 'utf8');
    expect(log).toContain('duplicate key');
    expect(log).not.toContain('canary');
  });
});
