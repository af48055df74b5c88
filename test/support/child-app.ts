import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..').replace(/[\\/]dist$/, '');

export interface ChildAppOptions {
  /** Path of the compiled entry below dist/. */
  entry: string;
  env: Record<string, string>;
  /** Answers 200 once the app serves. */
  readyUrl: string;
  nodeOptions?: string[];
}

/** One of our apps as a process of its own, as it runs in production. */
export class ChildApp {
  /** Everything the process printed. */
  output = '';
  private exited: Promise<number | null>;

  private constructor(
    readonly process: ChildProcess,
    private readonly readyUrl: string,
  ) {
    process.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    process.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.exited = new Promise((done) => process.once('exit', (code) => done(code)));
  }

  static async start(options: ChildAppOptions): Promise<ChildApp> {
    const child = spawn(process.execPath, [...(options.nodeOptions ?? []), resolve(root, 'dist', options.entry)], {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const app = new ChildApp(child, options.readyUrl);
    await app.untilReady();
    return app;
  }

  /** Waits until `/health/ready` says so; rejects with the app's output when it exits or takes 40 s. */
  async untilReady(): Promise<void> {
    const giveUpAt = Date.now() + 40_000;
    while (Date.now() < giveUpAt) {
      if (this.process.exitCode !== null) break;
      const answer = await fetch(this.readyUrl).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    this.process.kill('SIGKILL');
    throw new Error(`the app did not become ready:\n${this.output.slice(-4_000)}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Asks the process to drain and waits for it; its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    const killer = setTimeout(() => this.process.kill('SIGKILL'), 20_000);
    const code = await this.exited;
    clearTimeout(killer);
    return code;
  }
}
