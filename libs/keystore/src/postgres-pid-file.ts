import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A live postmaster as its `postmaster.pid` describes it; `status` is `starting`, `ready` or `stopping`. */
export interface RunningPostgres {
  pid: number;
  port: number;
  status: string;
}

/** The server that runs on `dataDir` now, whoever started it; undefined when the file is absent or a crash left it. */
export async function findRunningPostgres(dataDir: string): Promise<RunningPostgres | undefined> {
  const text = await readFile(pidFileOf(dataDir), 'utf8').catch(() => '');
  const [pid, , , port, , , , status] = text.split('\n').map((line) => line.trim());
  if (!pid || !(await isPostgresOf(Number(pid), dataDir))) return undefined;
  return { pid: Number(pid), port: Number(port), status: status || 'starting' };
}

/**
 * Removes a `postmaster.pid` whose number now belongs to a stranger (after a reboot, or a zombie nobody reaped):
 * PostgreSQL itself sees only that the number is in use and would refuse to start.
 */
export async function dropForeignPidFile(dataDir: string): Promise<void> {
  const text = await readFile(pidFileOf(dataDir), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (pid > 0 && isInUse(pid) && !(await isPostgresOf(pid, dataDir))) await rm(pidFileOf(dataDir), { force: true });
}

/** Whether `pid` is a live PostgreSQL process working in `dataDir` (not a zombie, not a stranger with a reused number). */
export async function isPostgresOf(pid: number, dataDir: string): Promise<boolean> {
  if (!isInUse(pid)) return false;
  if (process.platform === 'win32') return true;
  if (process.platform === 'linux') return isLinuxPostgresOf(pid, dataDir);
  const listed = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return listed.stdout.includes(dataDir);
}

/** By its arguments, or, for a directory that was moved meanwhile, by where it works (not every container lets us see that). */
async function isLinuxPostgresOf(pid: number, dataDir: string): Promise<boolean> {
  const own = await realpath(dataDir).catch(() => dataDir);
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  if (words.includes('-D') && (words.includes(dataDir) || words.includes(own))) return true;
  return (await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) === own;
}

const pidFileOf = (dataDir: string): string => join(dataDir, 'postmaster.pid');

function isInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
