import { cryptoReady, LocalFileKekProvider } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { createDataSource, EmbeddedPostgres, holdsSealedKeys, type DataSourceOptions } from '#libs/keystore';
import { MemoryEventBus } from '#libs/messaging';
import { prepareDatabase } from '#apps/config-api';
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
  /** Closes all of it and stops PostgreSQL; nothing may use it any more. */
  stop(): Promise<void>;
}

const database = 'latchkey';

/**
 * Starts or finds again everything below the ports, with a database that is prepared. Refuses a folder that another
 * standalone is using. When it throws, nothing that it started is left running.
 */
export async function startEmbeddedServers(folder: DataDirectory): Promise<EmbeddedServers> {
  await cryptoReady();
  const postgres = await EmbeddedPostgres.start({ dataDir: folder.file('postgres') });
  const lock = await takeFolder(postgres, folder);
  const closers = [() => lock.end(), () => postgres.stop()];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    await postgres.ensureDatabase(database);
    const databaseUrl = postgres.url(database);
    const connect = async (options: Omit<DataSourceOptions, 'url'>): Promise<DataSource> => {
      const dataSource = await createDataSource({ url: databaseUrl, ...options }).initialize();
      closers.push(() => dataSource.destroy());
      return dataSource;
    };
    const dataSource = await connect({ applicationName: 'latchkey-config-api' });
    const kekProvider = await openKek(folder, dataSource);
    await prepareDatabase(dataSource, kekProvider);
    const resolverDataSource = await connect({
      applicationName: 'latchkey-resolver',
      role: 'latchkey_resolver',
      timeoutMs: 2_000,
    });
    const [eventBus, handleStore] = [new MemoryEventBus(), new MemoryHandleStore()];
    closers.push(
      () => handleStore.close(),
      () => eventBus.close(),
    );
    return { databaseUrl, dataSource, resolverDataSource, kekProvider, eventBus, handleStore, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes the root KEK only for a database that has nothing sealed yet: a lost file must be brought back, not replaced. */
async function openKek(folder: DataDirectory, dataSource: DataSource): Promise<LocalFileKekProvider> {
  return LocalFileKekProvider.open(folder.file('root-kek'), { createIfMissing: !(await holdsSealedKeys(dataSource)) });
}

/** A lock that ends with the connection, so with the process, however it dies. */
async function takeFolder(postgres: EmbeddedPostgres, folder: DataDirectory): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres.url('postgres'), application_name: 'latchkey-standalone' });
  client.on('error', () => undefined);
  await client.connect();
  const lock = await client.query<{ taken: boolean }>(
    `SELECT pg_try_advisory_lock(hashtext('latchkey.standalone')) AS taken`,
  );
  if (lock.rows[0]?.taken) return client;
  await client.end();
  throw new AppError('conflict', 'data_directory_in_use', {
    message: `Another latchkey is running on ${folder.path}: stop it, or set LATCHKEY_DATA_DIR to another folder.`,
  });
}
