import { readFileSync } from 'node:fs';

/** Clock ticks of /proc/<pid>/stat in a second: USER_HZ, 100 on every Linux of today. */
const ticksPerSecond = 100;

/** CPU time in seconds, user and system, that a process has used with all its threads (proc(5), Linux). */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the program's name, is in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** The most memory in bytes that a process has had resident since it began (proc(5), Linux). */
export function rssPeakOf(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
}
