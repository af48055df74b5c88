import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ApiClient } from '../../test/support/api-client.js';
import { ChildApp } from '../../test/support/child-app.js';
import { freePort } from '../../test/support/free-port.js';
import { KeyResolverClient } from '../../test/support/key-resolver-client.js';

const folder = resolve(import.meta.dirname, '../../../.demo');

/** A standalone for the length of the demo: on free ports, with a data folder of its own. */
export class DemoStandalone {
  private constructor(
    private readonly app: ChildApp,
    readonly admin: ApiClient,
    readonly orchestrator: ApiClient,
    readonly grpc: KeyResolverClient,
  ) {}

  static async start(): Promise<DemoStandalone> {
    await rm(folder, { recursive: true, force: true });
    const [httpPort, grpcPort] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${httpPort}`;
    const [adminToken, serviceToken] = [secretToken(), secretToken()];
    const app = await ChildApp.start({
      entry: 'apps/standalone/src/main.js',
      readyUrl: `${url}/health/ready`,
      env: {
        LATCHKEY_DATA_DIR: folder,
        LATCHKEY_HTTP_PORT: String(httpPort),
        LATCHKEY_GRPC_PORT: String(grpcPort),
        LATCHKEY_ADMIN_TOKEN: adminToken,
        LATCHKEY_SERVICE_TOKEN: serviceToken,
      },
    });
    return new DemoStandalone(
      app,
      new ApiClient(url, adminToken),
      new ApiClient(url, serviceToken),
      new KeyResolverClient(`127.0.0.1:${grpcPort}`, serviceToken),
    );
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
    await rm(folder, { recursive: true, force: true });
    return code;
  }
}

function secretToken(): string {
  return randomBytes(24).toString('base64url');
}
