import { spawn } from 'node:child_process';
import { openSync, closeSync, renameSync, existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from './process-identity.js';
import type { ServerName } from './server-name.js';
import type { StackDirectory } from './stack-directory.js';
import { stackError } from './stack-error.js';

const pollMs = 25;
const killTimeoutMs = 5_000;

/** One server that outlives the command which started it: found again, and stopped, through its pid file. */
export class ServerProcess {
  constructor(
    readonly name: ServerName,
    private readonly directory: StackDirectory,
  ) {}

  get logFile(): string {
    return this.directory.logFile(this.name);
  }

  /** The process id, if the process that we started still lives. */
  async findPid(): Promise<number | undefined> {
    const text = await readFile(this.pidFile, 'utf8').catch(() => '');
    const [, pid, identity] = /^(\d+) (.+)$/m.exec(text) ?? [];
    return pid && (await processIdentity(Number(pid))) === identity ? Number(pid) : undefined;
  }

  /** Starts a program in the stack's directory, its output in the server's log; the log of the time before is kept once. */
  async launch(program: string, args: string[]): Promise<void> {
    if (existsSync(this.logFile)) renameSync(this.logFile, `${this.logFile}.before`);
    const log = openSync(this.logFile, 'a', 0o600);
    try {
      const child = spawn(program, args, { cwd: this.directory.path, detached: true, stdio: ['ignore', log, log] });
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      child.unref();
      const identity = (await processIdentity(child.pid!)) ?? 'gone';
      await writeFile(this.pidFile, `${child.pid} ${identity}\n`, { mode: 0o600 });
    } catch (cause) {
      throw stackError(
        'program_not_started',
        `${program} could not be started; is it installed and executable?`,
        cause,
      );
    } finally {
      closeSync(log);
    }
  }

  /** Asks until the server serves; throws when it ended, or after `timeoutMs`, with its last words and its log. */
  async awaitServing(probe: () => Promise<void>, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      try {
        return await probe();
      } catch (cause) {
        if (!(await this.findPid())) throw await this.startFailure('ended while starting', cause);
        if (Date.now() > deadline) throw await this.startFailure(`did not serve within ${timeoutMs / 1000} s`, cause);
        await sleep(pollMs);
      }
    }
  }

  /** SIGTERM, then SIGKILL after `graceMs`; answers when the process is gone. Only ever signals our own process. */
  async stop(graceMs: number): Promise<boolean> {
    const pid = await this.findPid();
    if (pid !== undefined && !(await this.signalAndWait(pid, 'SIGTERM', graceMs))) {
      if (!(await this.signalAndWait(pid, 'SIGKILL', killTimeoutMs))) {
        throw stackError(
          'server_not_stopped',
          `${this.name} (process ${pid}) does not end; end it by hand: kill -9 ${pid}`,
        );
      }
    }
    await rm(this.pidFile, { force: true });
    return pid !== undefined;
  }

  private async signalAndWait(pid: number, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
    process.kill(pid, signal);
    const deadline = Date.now() + timeoutMs;
    while (await this.findPid()) {
      if (Date.now() > deadline) return false;
      await sleep(pollMs);
    }
    return true;
  }

  private async startFailure(what: string, cause: unknown): Promise<Error> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    const lines = log.split('\n').filter((line) => line.trim() && !/^\s+at /.test(line));
    const said = lines.findLast((line) => /error|fatal|exception/i.test(line)) ?? lines.at(-1) ?? 'it said nothing';
    return stackError('server_not_started', `${this.name} ${what}: ${said.trim()}; see ${this.logFile}`, cause);
  }

  private get pidFile(): string {
    return this.directory.pidFile(this.name);
  }
}
