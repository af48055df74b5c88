import type { StandaloneConfig } from '#libs/config';
import { cryptoReady, LocalFileKekProvider } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { createDataSource, EmbeddedPostgres, holdsSealedKeys } from '#libs/keystore';
import { MemoryEventBus } from '#libs/messaging';
import { MemoryHandleStore } from '#apps/resolver';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { DataDirectory } from './data-directory.js';

/** What stands in for the servers of a split deployment, inside or beside this process. */
export interface EmbeddedServers {
  databaseUrl: string;
  dataSource: DataSource;
  resolverDataSource: DataSource;
  kekProvider: LocalFileKekProvider;
  eventBus: MemoryEventBus;
  handleStore: MemoryHandleStore;
  /** Stops PostgreSQL; everything else is closed by the modules that use it. */
  stop(): Promise<void>;
}

const database = 'latchkey';

/** Starts or finds again everything below the ports. Refuses a folder that another standalone is using. */
export async function startEmbeddedServers(folder: DataDirectory, config: StandaloneConfig): Promise<EmbeddedServers> {
  await cryptoReady();
  const postgres = await EmbeddedPostgres.start({ dataDir: folder.file('postgres') });
  const lock = await takeFolder(postgres, folder, config.LATCHKEY_HTTP_PORT);
  const databaseUrl = postgres.url(database);
  const dataSource = createDataSource({ url: databaseUrl, applicationName: 'latchkey-config-api' });
  await dataSource.initialize();
  const kekProvider = await LocalFileKekProvider.open(folder.file('root-kek'), {
    createIfMissing: !(await holdsSealedKeys(dataSource)),
  });
  return {
    databaseUrl,
    dataSource,
    resolverDataSource: createDataSource({
      url: databaseUrl,
      applicationName: 'latchkey-resolver',
      role: 'latchkey_resolver',
      timeoutMs: 2_000,
    }),
    kekProvider,
    eventBus: new MemoryEventBus(),
    handleStore: new MemoryHandleStore(),
    stop: async () => {
      await lock.end();
      await postgres.stop();
    },
  };
}

/** A lock that ends with the connection, so with the process, however it dies. Makes the database on first start. */
async function takeFolder(postgres: EmbeddedPostgres, folder: DataDirectory, httpPort: number): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres.url('postgres'), application_name: 'latchkey-standalone' });
  client.on('error', () => undefined);
  await client.connect();
  const lock = await client.query<{ taken: boolean }>(
    `SELECT pg_try_advisory_lock(hashtext('latchkey.standalone')) AS taken`,
  );
  if (!lock.rows[0]?.taken) {
    await client.end();
    throw new AppError('conflict', 'data_directory_in_use', {
      message: `Another latchkey is running on ${folder.path} (perhaps on port ${httpPort}): stop it, or set LATCHKEY_DATA_DIR to another folder.`,
    });
  }
  const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  return client;
}
