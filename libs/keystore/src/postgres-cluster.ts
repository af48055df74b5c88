import { randomBytes } from 'node:crypto';
import { appendFile, chown, link, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '#libs/errors';
import { asFailure, lastLine, runAs, type ServerAccount } from './postgres-account.js';
import type { PostgresBinaries } from './postgres-binaries.js';

/** What a cluster is made of: where, by which programs, as which system user, owned by which database user. */
export interface ClusterPlan {
  dataDir: string;
  binaries: PostgresBinaries;
  account: ServerAccount | undefined;
  user: string;
}

const abandonedAfterMs = 10 * 60_000;

/** Where the password of the cluster in `dataDir` is kept, mode 0600. */
export const passwordFileOf = (dataDir: string): string => `${dataDir}-password`;

/**
 * Makes the cluster unless it is there and returns its password. Two at once end with one cluster and one password.
 * Throws `unavailable` when the directory holds something else, or a cluster of another major version.
 */
export async function ensureCluster(plan: ClusterPlan, log: (line: string) => void): Promise<string> {
  const programs = await majorVersionOf(plan);
  const password = await keepPassword(passwordFileOf(plan.dataDir));
  if ((await clusterVersion(plan.dataDir)) === undefined) {
    log(`creating a PostgreSQL ${programs} cluster in ${plan.dataDir}`);
    await initialize(plan, password);
  }
  const present = await clusterVersion(plan.dataDir);
  if (present === programs) return password;
  throw present === undefined
    ? failure('postgres_init_failed', `needs an empty directory: ${plan.dataDir} holds files but no cluster`)
    : failure(
        'postgres_version_mismatch',
        `${programs} cannot open ${plan.dataDir}, made by PostgreSQL ${present}; dump it with that version, or choose another directory`,
      );
}

const clusterVersion = (dataDir: string): Promise<string | undefined> =>
  readFile(join(dataDir, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

async function majorVersionOf({ account, binaries }: ClusterPlan): Promise<string> {
  const answer = await runAs(account, binaries.postgres, ['--version']).catch(asFailure);
  const major = /\(PostgreSQL\) (\d+)/.exec(answer.output)?.[1];
  if (answer.code === 0 && major) return major;
  const reason = lastLine(answer.output);
  throw failure(
    'postgres_binaries_broken',
    `from npm does not run here (${reason}); set DATABASE_URL to one of your own`,
  );
}

/** Linked into place whole, so a reader never sees half a password and the first of two writers wins. */
async function keepPassword(path: string): Promise<string> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
  await link(draft, path).catch(unless('EEXIST'));
  await rm(draft, { force: true });
  return (await readFile(path, 'utf8')).trim();
}

/** Builds the cluster beside its place and moves it there, so a crash on the way leaves nothing half made. */
async function initialize({ dataDir, binaries, account, user }: ClusterPlan, password: string): Promise<void> {
  await removeAbandonedStages(dataDir);
  const stage = await mkdtemp(`${dataDir}-new-`);
  try {
    const [cluster, passwordFile] = [join(stage, 'cluster'), join(stage, 'password')];
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (account) for (const path of [stage, passwordFile]) await chown(path, account.uid, account.gid);
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const access = [`--username=${user}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    const made = await runAs(account, binaries.initdb, ['-D', cluster, ...locale, ...access]).catch(asFailure);
    if (made.code !== 0) {
      throw failure('postgres_init_failed', `could not create a cluster in ${dataDir}: ${lastLine(made.output)}`);
    }
    await appendFile(join(cluster, 'postgresql.conf'), "\ninclude 'latchkey.conf'\n");
    await rename(cluster, dataDir).catch(unless('ENOTEMPTY', 'EEXIST'));
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function removeAbandonedStages(dataDir: string): Promise<void> {
  for (const name of await readdir(dirname(dataDir))) {
    const path = join(dirname(dataDir), name);
    if (!name.startsWith(`${basename(dataDir)}-new-`)) continue;
    const madeAt = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - madeAt > abandonedAfterMs) await rm(path, { recursive: true, force: true });
  }
}

const failure = (code: string, sentence: string): AppError =>
  new AppError('unavailable', code, { message: `PostgreSQL ${sentence}.` });

const unless =
  (...codes: string[]) =>
  (error: NodeJS.ErrnoException): void => {
    if (!codes.includes(error.code ?? '')) throw error;
  };
