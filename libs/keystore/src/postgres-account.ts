import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '#libs/errors';

/** The system user that a server runs as; `capability` lets it pass directories that only root may enter. */
export interface ServerAccount {
  name: string;
  uid: number;
  gid: number;
  capability?: string;
}

export interface CommandResult {
  code: number;
  output: string;
}

const commandTimeoutMs = 120_000;
const outputGraceMs = 1_000;
const interruptionsMax = 5;
// Not the caller's: PGDATA, PGPORT and their like would change what the programs do. Windows needs its own.
const cleanEnvironment = { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Who runs the server on `dataDir`: nobody else (undefined) unless we are root, which PostgreSQL refuses. Then its
 * present owner, or the existing user `postgres` or `nobody`. Throws `precondition_failed` when that user cannot
 * reach `paths`, naming the directory in the way.
 */
export async function findServerAccount(dataDir: string, paths: string[]): Promise<ServerAccount | undefined> {
  const owner = await stat(dataDir).catch(() => undefined);
  const uid = process.getuid?.();
  if (uid !== 0) {
    if (uid === undefined || !owner || owner.uid === uid) return undefined;
    throw refusal(
      `The data directory ${dataDir} belongs to another user; start as that user, or choose another directory.`,
    );
  }
  const account = await chooseAccount(owner?.uid ?? 0);
  const blocked = await firstBlocked(account, [dirname(dataDir), ...paths]);
  if (!blocked) return account;
  const capability = await findCapability();
  const fallback = { ...account, ...(capability ? { capability } : {}) };
  if (capability && (await runAs(fallback, 'test', ['-x', blocked]).catch(() => undefined))?.code === 0)
    return fallback;
  throw refusal(
    `PostgreSQL runs as the user ${account.name}, who may not enter ${blocked}; run "chmod o+x ${blocked}" or move the project out of it.`,
  );
}

/** Runs a program to its end as `account` (as ourselves without one), in a clean environment; throws when it cannot be started. */
export async function runAs(
  account: ServerAccount | undefined,
  program: string,
  args: string[],
): Promise<CommandResult> {
  for (let tryCount = 1; ; tryCount += 1) {
    const { signal, ...result } = await runOnce(account, program, args);
    // Ctrl-C met the child in the moment before it had a group of its own: it has done nothing yet.
    if (signal !== 'SIGINT' || tryCount === interruptionsMax) return result;
  }
}

type Ended = CommandResult & { signal: NodeJS.Signals | null };

function runOnce(account: ServerAccount | undefined, program: string, args: string[]): Promise<Ended> {
  const ambient = account?.capability;
  const [file, fileArgs] = ambient
    ? ['setpriv', [...setprivArgs(account, ambient), program, ...args]]
    : [program, args];
  const identity = account && !ambient ? { uid: account.uid, gid: account.gid } : {};
  // In a group of its own: Ctrl-C in a terminal is meant for us, and we bring what we began to its end.
  const surroundings = process.platform === 'win32' ? {} : { env: cleanEnvironment, cwd: '/', detached: true };
  return new Promise((resolve, reject) => {
    const child = spawn(file, fileArgs, { ...identity, ...surroundings, timeout: commandTimeoutMs });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    const settle = (code: number | null, signal: NodeJS.Signals | null): void =>
      resolve({ code: code ?? 1, signal, output: output.trim() });
    child.once('close', settle);
    // Its last words may come after its end; a server that it started may hold the pipes open for ever.
    child.once('exit', (code, signal) => setTimeout(settle, outputGraceMs, code, signal).unref());
  });
}

/** The result of a program that could not even be started. */
export const asFailure = (error: Error): CommandResult => ({ code: 127, output: error.message });

/** What a program said last: usually why it failed. */
export const lastLine = (output: string): string => output.trim().split('\n').at(-1) || 'no reason given';

function setprivArgs(account: ServerAccount, capability: string): string[] {
  // Without no_setuid_fixup access(2), which PostgreSQL asks about its own program, would ignore the capability.
  const capabilities = ['--securebits=+no_setuid_fixup', `--inh-caps=+${capability}`, `--ambient-caps=+${capability}`];
  return [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', ...capabilities];
}

async function chooseAccount(ownerUid: number): Promise<ServerAccount> {
  const users = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  const isWanted = ([name, , uid]: string[], wanted: string): boolean =>
    ownerUid === 0 ? name === wanted : Number(uid) === ownerUid;
  for (const wanted of ['postgres', 'nobody']) {
    const user = users.find((fields) => isWanted(fields, wanted));
    if (user) return { name: user[0]!, uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw refusal(
    'PostgreSQL refuses to run as root and there is no user "postgres" or "nobody" here; start as an ordinary user.',
  );
}

async function firstBlocked({ uid, gid }: ServerAccount, paths: string[]): Promise<string | undefined> {
  for (const path of paths.flatMap(ancestors)) {
    const entry = await stat(path);
    const execute = entry.uid === uid ? 0o100 : entry.gid === gid ? 0o010 : 0o001;
    if ((entry.mode & execute) === 0) return path;
  }
  return undefined;
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestors(parent), path];
}

/** The weakest power we hold that passes closed directories (bits of capabilities(7)). */
async function findCapability(): Promise<string | undefined> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const held = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  if (held & (1n << 2n)) return 'dac_read_search';
  return held & (1n << 1n) ? 'dac_override' : undefined;
}

const refusal = (message: string): AppError =>
  new AppError('precondition_failed', 'postgres_account_unusable', { message });
