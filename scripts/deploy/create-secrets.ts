import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

interface Secret {
  /** Below a folder for each service that is given it. */
  path: string;
  /** Who alone may read it: users of the images in docker-compose.yml. */
  ownerUid: number;
  content: string;
}

const rootUid = 0;
const redisUid = 999;
const appUid = 1000;

const random = (): string => randomBytes(32).toString('base64url');

/**
 * Fills a directory, a folder for each service, with what docker-compose.yml needs: passwords, tokens, addresses that hold passwords, the root KEK.
 * What is there already is kept, so it may run before every start.
 */
async function createSecrets(directory: string): Promise<void> {
  const postgresPassword = await kept(join(directory, 'postgres/postgres-password'), random());
  const redisPassword = await kept(join(directory, 'redis/redis-password'), random());
  const databaseUrl = `postgres://latchkey:${postgresPassword}@postgres:5432/latchkey`;
  const secrets: Secret[] = [
    { path: 'postgres/postgres-password', ownerUid: rootUid, content: postgresPassword },
    { path: 'redis/redis-password', ownerUid: redisUid, content: redisPassword },
    { path: 'redis/redis.conf', ownerUid: redisUid, content: redisConfiguration(redisPassword) },
    { path: 'app/database-url', ownerUid: appUid, content: databaseUrl },
    { path: 'app/redis-url', ownerUid: appUid, content: `redis://:${redisPassword}@redis:6379` },
    { path: 'app/admin-token', ownerUid: appUid, content: `lk_admin_${random()}` },
    { path: 'app/service-token', ownerUid: appUid, content: `lk_service_${random()}` },
    { path: 'app/root-kek', ownerUid: appUid, content: randomBytes(32).toString('hex') },
  ];
  for (const secret of secrets) await put(directory, secret);
}

async function put(directory: string, { path: name, ownerUid, content }: Secret): Promise<void> {
  const path = join(directory, name);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.draft`;
  await writeFile(draft, `${await kept(path, content)}\n`, { mode: 0o600 });
  if (process.getuid?.() === rootUid) await chown(draft, ownerUid, ownerUid);
  await chmod(draft, 0o400);
  await rename(draft, path);
}

async function kept(path: string, otherwise: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trimEnd();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return otherwise;
  }
}

function redisConfiguration(password: string): string {
  return ['bind * -::*', `requirepass ${password}`, 'save ""', 'appendonly no'].join('\n');
}

const directory = process.argv[2];
if (directory === undefined) {
  console.error('Usage: node dist/scripts/deploy/create-secrets.js DIRECTORY');
  process.exitCode = 2;
} else {
  await createSecrets(directory);
}
