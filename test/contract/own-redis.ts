import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { findFreePort } from '../../scripts/stack/free-port.js';

/** A Redis of one test file, to be stopped and killed at will: nothing is kept on disk. */
export class OwnRedis {
  private server: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly password: string,
  ) {}

  /** Reserves nothing and starts nothing yet: only the address is known. */
  static async onFreePort(password: string): Promise<OwnRedis> {
    return new OwnRedis(await findFreePort([]), password);
  }

  get url(): string {
    return `redis://:${this.password}@127.0.0.1:${this.port}`;
  }

  /** Resolves when the server takes connections. */
  async start(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const server = spawn('redis-server', [...settings, '--requirepass', this.password], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.once('exit', (code) => reject(new Error(`redis-server ended with ${code} before it was ready`)));
      server.stdout.on('data', (text) => String(text).includes('Ready to accept connections') && resolve());
    });
  }

  /** The server keeps its connections and answers nothing. */
  hang(): void {
    this.server?.kill('SIGSTOP');
  }

  goOn(): void {
    this.server?.kill('SIGCONT');
  }

  /** Resolves when the server is gone, with all it held. */
  async kill(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  }
}
