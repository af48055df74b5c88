import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../scripts/stack/stack-directory.js';

/** What is measured: `echo` and the bare route are floors, the others the product. */
export type SubjectName = 'echo' | 'resolver' | 'bare route' | 'config-api';

export interface SubjectOptions {
  name: SubjectName;
  /** Put before the topics that it reads and writes: each has its own, made alike. */
  topicPrefix: string;
  /** Compiled entry below dist/. */
  entry: string;
  nodeOptions?: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Whether it serves by now, given what it has printed. */
  isReady: (output: string) => boolean | Promise<boolean>;
}

const readyTimeoutMs = 30_000;
const stopTimeoutMs = 15_000;

/** A process that answers calls. */
export class Subject {
  readonly name: SubjectName;
  readonly topicPrefix: string;
  private output = '';
  private readonly exited: Promise<void>;

  private constructor(
    options: SubjectOptions,
    private readonly child: ChildProcess,
  ) {
    this.name = options.name;
    this.topicPrefix = options.topicPrefix;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.keep(chunk));
    }
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** Resolves when the process serves; rejects with its last words when it ends or is not ready in 30 s. */
  static async start(options: SubjectOptions): Promise<Subject> {
    const entry = join(projectRoot, 'dist', options.entry);
    const child = spawn(process.execPath, [...(options.nodeOptions ?? []), entry], {
      cwd: projectRoot,
      env: { PATH: process.env.PATH ?? '', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const subject = new Subject(options, child);
    const giveUpAt = performance.now() + readyTimeoutMs;
    while (!(await options.isReady(subject.output))) {
      if (child.exitCode !== null || performance.now() > giveUpAt) {
        await subject.stop();
        throw subject.failure('does not serve');
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return subject;
  }

  /** The last words are kept, cheaply: who measures shares the processor with who is measured. */
  private keep(chunk: Buffer): void {
    this.output += chunk.toString();
    if (this.output.length > 200_000) this.output = this.output.slice(-20_000);
  }

  get pid(): number {
    if (this.child.exitCode !== null || !this.child.pid) throw this.failure('has ended');
    return this.child.pid;
  }

  /** An error with what the process printed last. */
  failure(what: string): Error {
    return new Error(`The ${this.name} ${what}. Its last words:\n${this.output.slice(-4_000)}`);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Asks the process to end, also when it was halted; resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGCONT');
    this.child.kill('SIGTERM');
    const killer = setTimeout(() => this.child.kill('SIGKILL'), stopTimeoutMs);
    await this.exited;
    clearTimeout(killer);
  }
}
