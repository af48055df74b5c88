import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..').replace(/[\\/]dist$/, '');

export interface ChildAppOptions {
  /** Path of the compiled entry below dist/. */
  entry: string;
  env: Record<string, string>;
  /** Answers 200 once the app serves. */
  readyUrl: string;
  nodeOptions?: string[];
  /** Makes it the leader of a process group, as a shell does, so that a test can send Ctrl-C to the group. */
  ownGroup?: boolean;
}

/** One of our apps as a process of its own, as it runs in production. */
export class ChildApp {
  /** Everything the process printed. */
  output = '';
  private exited: Promise<number | null>;
  private mayEnd = false;

  private constructor(
    readonly process: ChildProcess,
    private readonly readyUrl: string,
  ) {
    process.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    process.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.exited = new Promise((done) => process.once('exit', (code) => done(code)));
    void this.exited.then((code) => {
      if (!this.mayEnd && code !== 0) console.error(`an app ended with ${code}:\n${this.output.slice(-2_000)}`);
    });
  }

  static async start(options: ChildAppOptions): Promise<ChildApp> {
    const app = ChildApp.launch(options);
    await app.untilReady();
    return app;
  }

  /** Runs an app that ends by itself, within a minute. */
  static async runToEnd(options: {
    entry: string;
    env: Record<string, string>;
    args: string[];
  }): Promise<{ code: number; output: string }> {
    const environment = { env: { PATH: process.env.PATH ?? '', ...options.env }, timeout: 60_000 };
    const command = [resolve(root, 'dist', options.entry), ...options.args];
    const { code, stdout, stderr } = await promisify(execFile)(process.execPath, command, environment).then(
      (printed) => ({ code: 0, ...printed }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    return { code, output: stdout + stderr };
  }

  /** Starts it without waiting for it. */
  static launch(options: ChildAppOptions): ChildApp {
    const child = spawn(process.execPath, [...(options.nodeOptions ?? []), resolve(root, 'dist', options.entry)], {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.ownGroup ?? false,
    });
    return new ChildApp(child, options.readyUrl);
  }

  /** Waits until `/health/ready` says so; when it exits or takes 40 s, stops it and rejects with its output. */
  async untilReady(): Promise<void> {
    const giveUpAt = Date.now() + 40_000;
    while (Date.now() < giveUpAt) {
      if (this.hasEnded) break;
      const answer = await fetch(this.readyUrl).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok && !this.hasEnded) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    await this.stop();
    throw new Error(`the app did not become ready:\n${this.output.slice(-4_000)}`);
  }

  private get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    this.mayEnd = true;
    this.process.kill(signal);
  }

  /** Sends Ctrl-C as a terminal does: to every process of its group. Only of one with `ownGroup`. */
  interruptGroup(): void {
    this.mayEnd = true;
    process.kill(-this.process.pid!, 'SIGINT');
  }

  /** Asks the process to drain and waits for it; its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.mayEnd = true;
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    const killer = setTimeout(() => this.process.kill('SIGKILL'), 20_000);
    const code = await this.exited;
    clearTimeout(killer);
    return code;
  }
}
