import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * What tells a process from any other that has had or will have its number: when it started, in which boot.
 * Undefined when there is no such process, or only its zombie.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    const listed = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    return listed.stdout.trim() || undefined;
  }
  const [boot, stat] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
  ]);
  // The command's name, in parentheses, may hold spaces: fields are counted from behind it. 1st: state, 20th: start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[19] && fields[0] !== 'Z' ? `${boot.trim()}/${fields[19]}` : undefined;
}
