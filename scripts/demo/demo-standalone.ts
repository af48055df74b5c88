import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EmbeddedPostgres } from '#libs/keystore';
import { ApiClient } from '../../test/support/api-client.js';
import { ChildApp } from '../../test/support/child-app.js';
import { findFreePort } from '../stack/free-port.js';
import { KeyResolverClient } from '../../test/support/key-resolver-client.js';

const demos = resolve(import.meta.dirname, '../../../.demo');
/** A folder as young as this may be one that another demo is just starting on. */
const youngMs = 60_000;

/** A standalone for the length of the demo: on free ports, with a data folder of its own. */
export class DemoStandalone {
  private constructor(
    private readonly app: ChildApp,
    private readonly folder: string,
    readonly orchestrator: ApiClient,
    private readonly clients: { admin: ApiClient; grpc: KeyResolverClient },
  ) {}

  /** Starts one without waiting for it; it asks its providers at `providersUrl`, on loopback. */
  static async launch(providersUrl: string): Promise<DemoStandalone> {
    await removeLeftovers();
    const folder = join(demos, randomBytes(4).toString('hex'));
    const httpPort = await findFreePort([]);
    const grpcPort = await findFreePort([httpPort]);
    const url = `http://127.0.0.1:${httpPort}`;
    const [adminToken, serviceToken] = [secretToken(), secretToken()];
    const app = ChildApp.launch({
      entry: 'apps/standalone/src/main.js',
      readyUrl: `${url}/health/ready`,
      env: {
        LATCHKEY_DATA_DIR: folder,
        LATCHKEY_HTTP_PORT: String(httpPort),
        LATCHKEY_GRPC_PORT: String(grpcPort),
        LATCHKEY_ADMIN_TOKEN: adminToken,
        LATCHKEY_SERVICE_TOKEN: serviceToken,
        LATCHKEY_PROVIDER_BASE_URLS: providersUrl,
        LATCHKEY_PROVIDER_PRIVATE_ADDRESSES: 'true',
      },
    });
    return new DemoStandalone(app, folder, new ApiClient(url, serviceToken), {
      admin: new ApiClient(url, adminToken),
      grpc: new KeyResolverClient(`127.0.0.1:${grpcPort}`, serviceToken),
    });
  }

  untilReady(): Promise<void> {
    return this.app.untilReady();
  }

  get admin(): ApiClient {
    return this.clients.admin;
  }

  get grpc(): KeyResolverClient {
    return this.clients.grpc;
  }

  get url(): string {
    return this.admin.baseUrl;
  }

  /** Whatever the process printed so far. */
  get output(): string {
    return this.app.output;
  }

  /** Drains and stops it; its exit code. */
  async stop(): Promise<number | null> {
    this.grpc.close();
    const code = await this.app.stop();
    await removeUnlessServed(this.folder);
    return code;
  }
}

/** What demos that were killed left behind; a folder that a server runs on is somebody's. */
async function removeLeftovers(): Promise<void> {
  await mkdir(demos, { recursive: true });
  for (const name of await readdir(demos)) {
    const folder = join(demos, name);
    const { birthtimeMs } = await stat(folder);
    if (Date.now() - birthtimeMs > youngMs) await removeUnlessServed(folder);
  }
}

async function removeUnlessServed(folder: string): Promise<void> {
  if ((await EmbeddedPostgres.findPid(join(folder, 'postgres'))) === undefined) {
    await rm(folder, { recursive: true, force: true });
  }
}

function secretToken(): string {
  return randomBytes(24).toString('base64url');
}
