import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import { ApiToken } from './entities/api-token.entity.js';
import { KeySlot } from './entities/key-slot.entity.js';
import { KeyVersion } from './entities/key-version.entity.js';
import { Organization } from './entities/organization.entity.js';
import { Spine1764000000000 } from './migrations/1764000000000-spine.migration.js';

export interface DataSourceOptions {
  url: string;
  /** Shown by pg_stat_activity. */
  applicationName: string;
  /** A database role to act as on every connection; the login role itself when absent. */
  role?: 'latchkey_resolver';
  poolSizeMax?: number;
  /** Bound of every statement and of waiting for a connection. */
  timeoutMs?: number;
}

/** A DataSource on the PostgreSQL primary, not yet connected. */
export function createDataSource(options: DataSourceOptions): DataSource {
  const timeoutMs = options.timeoutMs ?? 5_000;
  return new DataSource({
    type: 'postgres',
    url: options.url,
    entities: [ApiToken, KeySlot, KeyVersion, Organization],
    migrations: [Spine1764000000000],
    migrationsTransactionMode: 'each',
    applicationName: options.applicationName,
    poolSize: options.poolSizeMax ?? 10,
    connectTimeoutMS: timeoutMs,
    extra: {
      query_timeout: timeoutMs,
      statement_timeout: timeoutMs,
      keepAlive: true,
      ...(options.role && { options: `-c role=${options.role}` }),
    },
  });
}

/** The driver's pool: for prepared statements on hot paths. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as unknown as { master: Pool }).master;
}

/** Brings the schema up to date; processes that start at once wait for each other, `unavailable` when that takes too long. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const lock = dataSource.createQueryRunner();
  await translatingDatabaseErrors(async () => {
    try {
      await lock.query(`SELECT pg_advisory_lock(hashtext('latchkey.migrations'))`);
      await dataSource.runMigrations();
    } finally {
      await lock.query(`SELECT pg_advisory_unlock(hashtext('latchkey.migrations'))`).catch(() => undefined);
      await lock.release();
    }
  });
}
