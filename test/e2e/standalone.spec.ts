import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CallKeysResolved } from '#libs/contracts';
import { EmbeddedPostgres } from '#libs/keystore';
import { ApiClient } from '../support/api-client.js';
import { ChildApp } from '../support/child-app.js';
import { findFreePort } from '../../scripts/stack/free-port.js';
import { KeyResolverClient } from '../support/key-resolver-client.js';
import { callConfig, eventually, resolvedOf } from './orchestrator.js';

jest.setTimeout(120_000);

const entry = 'apps/standalone/src/main.js';
/** The folder in which a database is made before it is moved into its place. */
const isStage = (name: string): boolean => name.startsWith('postgres-new-');

/** Reads from top to bottom: one folder, from its first start over a crash to its last stop. */
describe('standalone', () => {
  let folder: string;
  let ports: { http: number; grpc: number };
  let app: ChildApp | undefined;
  let admin: ApiClient;
  let orchestrator: ApiClient;
  let tenant: { id: string; api: ApiClient };

  beforeAll(async () => {
    await mkdir(resolve('.stack'), { recursive: true });
    folder = await mkdtemp(resolve('.stack/a standalone-'));
    ports = { http: await findFreePort([]), grpc: await findFreePort([]) };
  });
  afterAll(async () => {
    await app?.stop();
    await EmbeddedPostgres.stop(`${folder}/postgres`);
    await rm(folder, { recursive: true, force: true });
  });

  const environment = (): Record<string, string> => ({
    LATCHKEY_DATA_DIR: folder,
    LATCHKEY_HTTP_PORT: String(ports.http),
    LATCHKEY_GRPC_PORT: String(ports.grpc),
    LATCHKEY_FAKE_PROVIDERS: 'true',
  });
  const url = (): string => `http://127.0.0.1:${ports.http}`;
  const start = async (more: Record<string, string> = {}): Promise<ChildApp> =>
    (app = await ChildApp.start({ entry, env: { ...environment(), ...more }, readyUrl: `${url()}/health/ready` }));
  /** Pastes the first command of the welcome into a shell. */
  const pasteCurl = async (): Promise<unknown> => {
    await eventually('the welcome is printed', () => app!.output.includes('Ctrl-C'));
    const curl = /curl [\s\S]*?\}'/.exec(app!.output)?.[0] ?? 'false';
    const { stdout } = await promisify(execFile)('bash', ['-c', curl]);
    return JSON.parse(stdout) as unknown;
  };
  /** Runs it until it ends by itself. */
  const runToEnd = (env: Record<string, string>, ...args: string[]): Promise<{ code: number; output: string }> =>
    ChildApp.runToEnd({ entry, env, args });
  const clientWith = async (token: 'admin-token' | 'service-token'): Promise<ApiClient> =>
    new ApiClient(url(), (await readFile(`${folder}/${token}`, 'utf8')).trim());
  const postgresPid = (): Promise<number | undefined> => EmbeddedPostgres.findPid(`${folder}/postgres`);
  const startCall = (more: object = {}, by = orchestrator): ReturnType<ApiClient['post']> =>
    by.post('/api/v1/calls', { call_id: randomUUID(), organization_id: tenant.id, config: callConfig, ...more });

  it('the first start makes tokens and root KEK for their owner only', async () => {
    await start();
    for (const name of ['admin-token', 'service-token', 'root-kek']) {
      expect((await stat(`${folder}/${name}`)).mode & 0o777).toBe(0o600);
    }
    [admin, orchestrator] = [await clientWith('admin-token'), await clientWith('service-token')];
  });

  it('says where to go, and its first curl works when pasted', async () => {
    await eventually('the welcome is printed', () => app!.output.includes('Ctrl-C'));
    expect(app!.output).toContain(url());
    expect(app!.output).toContain(`127.0.0.1:${ports.grpc}`);
    expect(app!.output).toContain(folder);
    expect(await pasteCurl()).toMatchObject({ name: 'Acme', api_key: expect.stringMatching(/^lk_live_/) });
  });

  it('prints no token', async () => {
    for (const token of ['admin-token', 'service-token']) {
      expect(app!.output).not.toContain((await readFile(`${folder}/${token}`, 'utf8')).trim());
    }
  });

  it('takes calls by HTTP, answers the resolved event, and exchanges its handles over gRPC', async () => {
    tenant = await admin.createOrganization('calls');
    const apiKey = `key-${randomBytes(8).toString('hex')}`;
    await tenant.api.post('/api/v1/byok', { provider: 'deepgram', api_key: apiKey });
    const answer = await startCall();
    expect(answer.status).toBe(200);
    const call = answer.body as CallKeysResolved;
    expect(resolvedOf(call, 'stt')).toMatchObject({ provider: 'deepgram', source: 'tenant', version: 1 });
    expect(call.components.find(({ component }) => component === 'llm')).toMatchObject({ reason: 'no_platform_key' });
    const grpc = new KeyResolverClient(
      `127.0.0.1:${ports.grpc}`,
      (await readFile(`${folder}/service-token`, 'utf8')).trim(),
    );
    const { keys } = await grpc.redeem({ call_id: call.call_id, handles: [resolvedOf(call, 'stt').handle] });
    grpc.close();
    expect(keys).toMatchObject([{ component: 'stt', api_key: apiKey }]);
  });
  it('answers an unknown organization with 404, garbage with 400, and strangers with 401', async () => {
    const nobody = await startCall({ organization_id: randomUUID() });
    expect(nobody).toMatchObject({ status: 404, body: { code: 'organization_not_found' } });
    for (const garbage of [{ call_id: '' }, { organization_id: 'acme' }, { config: { stt_config: 'deepgram' } }]) {
      expect(await startCall(garbage)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
    for (const stranger of [tenant.api, admin, new ApiClient(url(), 'nonsense')]) {
      expect(await startCall({}, stranger)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    }
    expect((await fetch(`${url()}/api/v1/calls`, { method: 'POST' })).status).toBe(401);
  });

  it('a second one on the same folder says so in one sentence and exits 1; the first keeps working', async () => {
    const others = {
      LATCHKEY_HTTP_PORT: String(await findFreePort([])),
      LATCHKEY_GRPC_PORT: String(await findFreePort([])),
    };
    const { code, output } = await runToEnd({ ...environment(), ...others });
    expect(output).toMatch(/^latchkey: cannot start\. Another latchkey is running on [^\n]+\n$/);
    expect(output).toContain(folder);
    expect(code).toBe(1);
    expect((await startCall()).status).toBe(200);
  });

  it('after kill -9 the next start finds everything again, in the PostgreSQL that was left running', async () => {
    const before = await tenant.api.get('/api/v1/byok');
    const pid = await postgresPid();
    await app!.stop('SIGKILL');
    expect(await postgresPid()).toBe(pid);
    await start();
    expect(await postgresPid()).toBe(pid);
    expect((await tenant.api.get('/api/v1/byok')).body).toEqual(before.body);
    const call = (await startCall()).body as CallKeysResolved;
    expect(resolvedOf(call, 'stt')).toMatchObject({ source: 'tenant', version: 1 });
  });

  it('ends with 0 on SIGTERM under load, and leaves no PostgreSQL', async () => {
    const load = Promise.allSettled(
      Array.from({ length: 8 }, async () => {
        while ((await startCall()).status === 200);
      }),
    );
    await startCall();
    const stopping = performance.now();
    expect(await app!.stop()).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(15_000);
    await load;
    expect(await postgresPid()).toBeUndefined();
  });

  it('when its root KEK does not open it says so in one sentence, exits 1 and leaves no PostgreSQL', async () => {
    await chmod(`${folder}/root-kek`, 0o644);
    const { code, output } = await runToEnd(environment());
    await chmod(`${folder}/root-kek`, 0o600);
    expect(output).toMatch(/^latchkey: cannot start\. [^\n]*root-kek[^\n]*\n$/);
    expect(code).toBe(1);
    expect(await postgresPid()).toBeUndefined();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s while it starts ends it too, and leaves no PostgreSQL',
    async (signal) => {
      app = ChildApp.launch({ entry, env: environment(), readyUrl: `${url()}/health/ready` });
      await eventually('PostgreSQL is up', async () => (await postgresPid()) !== undefined);
      expect(await app.stop(signal)).toBe(0);
      expect(app.output).not.toContain('Latchkey is running');
      expect(await postgresPid()).toBeUndefined();
    },
  );

  it('Ctrl-C while it starts for the first time does not reach PostgreSQL halfway', async () => {
    const fresh = `${folder}/fresh`;
    const env = { ...environment(), LATCHKEY_DATA_DIR: fresh };
    app = ChildApp.launch({ entry, env, readyUrl: `${url()}/health/ready`, ownGroup: true });
    await eventually('initdb is at work', async () => (await readdir(fresh).catch(() => [])).some(isStage));
    app.interruptGroup();
    const code = await app.stop('SIGINT');
    expect({ code, output: app.output }).toEqual({ code: 0, output: expect.any(String) });
    expect((await readdir(fresh)).filter(isStage)).toEqual([]);
    expect(await EmbeddedPostgres.findPid(`${fresh}/postgres`)).toBeUndefined();
  });

  it('says where a token is that was given by a file', async () => {
    const file = `${folder}/the operator's token`;
    await writeFile(file, 'a-token-from-a-file-1234567890');
    await start({ LATCHKEY_ADMIN_TOKEN: '', LATCHKEY_ADMIN_TOKEN_FILE: file });
    expect(await pasteCurl()).toMatchObject({ name: 'Acme' });
    expect(app!.output).not.toContain('admin-token');
  });

  it('a signal that comes twice, as npm and a terminal send it, is one', async () => {
    app!.signal('SIGINT');
    app!.signal('SIGINT');
    expect(await app!.stop()).toBe(0);
    expect(await postgresPid()).toBeUndefined();
  });

  it.each(['http', 'grpc'] as const)(
    'when its %s port is taken it says so in one sentence, exits 1 and leaves no PostgreSQL',
    async (which) => {
      const squatter = await new Promise<Server>((listening) => {
        const server: Server = createServer().listen(ports[which], '127.0.0.1', () => listening(server));
      });
      const { code, output } = await runToEnd(environment());
      squatter.close();
      expect(output).toMatch(new RegExp(`^latchkey: cannot start\\. Port ${ports[which]} is taken: [^\\n]+\\n$`));
      expect(code).toBe(1);
      expect(await postgresPid()).toBeUndefined();
    },
  );

  it('a wrong configuration is listed whole, by name and never by value, before anything is started', async () => {
    const wrong = {
      LATCHKEY_DATA_DIR: `${folder}/wrong`,
      LATCHKEY_HTTP_PORT: 'secret-port',
      LATCHKEY_ADMIN_TOKEN: 'secret-token',
      LATCHKEY_LOG_LEVEL: 'secret-level',
      LATCHKEY_GRPC_TLS_CERT_FILE_FILE: '/secret/path',
    };
    const { code, output } = await runToEnd(wrong);
    expect(code).toBe(1);
    const names = ['HTTP_PORT', 'ADMIN_TOKEN', 'LOG_LEVEL', 'GRPC_TLS_CERT_FILE_FILE'];
    for (const name of names) expect(output).toContain(`\n  - LATCHKEY_${name}: `);
    expect(output).not.toContain('secret');
    await expect(stat(wrong.LATCHKEY_DATA_DIR)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('--help names every variable and starts nothing', async () => {
    const { code, output } = await runToEnd({ LATCHKEY_DATA_DIR: `${folder}/help` }, '--help');
    expect(code).toBe(0);
    for (const name of ['DATA_DIR', 'HTTP_PORT', 'GRPC_PORT', 'ADMIN_TOKEN'])
      expect(output).toContain(`LATCHKEY_${name}`);
    await expect(stat(`${folder}/help`)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
