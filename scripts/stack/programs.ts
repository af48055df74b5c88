import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { stackError } from './stack-error.js';

interface Program {
  /** What people call it. */
  title: string;
  command: string;
  versionArgument: string;
  /** Whether the installed version is good enough. */
  accepts: (version: string) => boolean;
  /** Debian packages that bring it; the first that apt knows is taken. */
  packages: string[];
}

const javaMajorMin = 17;

const programs = {
  redis: {
    title: 'Redis',
    command: 'redis-server',
    versionArgument: '--version',
    accepts: () => true,
    packages: ['redis-server'],
  },
  java: {
    title: `Java ${javaMajorMin} or newer`,
    command: 'java',
    versionArgument: '-version',
    accepts: (version) => Number(/version "(\d+)/.exec(version)?.[1] ?? 0) >= javaMajorMin,
    packages: ['openjdk-17-jre-headless', 'openjdk-21-jre-headless', 'default-jre-headless'],
  },
  maven: { title: 'Maven', command: 'mvn', versionArgument: '--version', accepts: () => true, packages: ['maven'] },
  compose: {
    title: 'Docker Compose',
    command: 'docker-compose',
    versionArgument: '--version',
    accepts: () => true,
    packages: ['docker-compose'],
  },
} as const satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;

const run = promisify(execFile);

/** Makes sure that the programs are there, through apt when we may; otherwise throws one sentence with the command to run. */
export async function ensurePrograms(
  names: ProgramName[],
  logFile: string,
  log: (line: string) => void,
): Promise<void> {
  const missing = await findMissing(names);
  if (missing.length === 0) return;
  const titles = missing.map(({ title }) => title).join(' and ');
  if (!(await isThere('apt-get'))) {
    throw stackError('program_missing', `This needs ${titles}: install it with your system's package manager.`);
  }
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    log(`installing ${titles} through apt`);
    await runLogged('apt-get', ['update', '-q'], logFile);
  }
  const wanted = await Promise.all(missing.map(({ packages }) => firstKnown(packages)));
  const install = ['install', '--yes', '--no-install-recommends', ...wanted];
  const command = `apt-get ${install.join(' ')}`;
  if (!isRoot) throw stackError('program_missing', `This needs ${titles}; run: sudo ${command}`);
  const code = await runLogged('apt-get', install, logFile);
  if ((await findMissing(names)).length === 0) return;
  throw stackError(
    'program_missing',
    `apt could not install ${titles} (exit code ${code}); see ${logFile}, then run: ${command}`,
  );
}

/** Runs a program to its end, its output at the end of `logFile`; answers its exit code, 127 when it cannot be started. */
export function runLogged(program: string, args: string[], logFile: string, cwd?: string): Promise<number> {
  const log = openSync(logFile, 'a', 0o600);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn(program, args, { stdio: ['ignore', log, log], env, ...(cwd && { cwd }) });
  closeSync(log);
  return new Promise((resolve) => {
    child.once('error', () => resolve(127)).once('exit', (code) => resolve(code ?? 1));
  });
}

async function findMissing(names: ProgramName[]): Promise<Program[]> {
  const found = await Promise.all(names.map((name) => isThere(programs[name].command, programs[name])));
  return names.filter((_, index) => !found[index]).map((name) => programs[name]);
}

async function isThere(command: string, program?: Program): Promise<boolean> {
  try {
    const { stdout, stderr } = await run(command, [program?.versionArgument ?? '--version']);
    return program?.accepts(stdout + stderr) ?? true;
  } catch {
    return false;
  }
}

async function firstKnown(packages: readonly string[]): Promise<string> {
  for (const name of packages) {
    const policy = await run('apt-cache', ['policy', name]).catch(() => ({ stdout: '' }));
    if (/Candidate: \d/.test(policy.stdout)) return name;
  }
  return packages[0]!;
}
