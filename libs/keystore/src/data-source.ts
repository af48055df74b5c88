import type { ClientBase, Pool } from 'pg';
import { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import { ApiToken } from './entities/api-token.entity.js';
import { KeySlot } from './entities/key-slot.entity.js';
import { KeyVersion } from './entities/key-version.entity.js';
import { Organization } from './entities/organization.entity.js';
import { SlotUse } from './entities/slot-use.entity.js';
import { WebhookDelivery } from './entities/webhook-delivery.entity.js';
import { WebhookSubscription } from './entities/webhook-subscription.entity.js';
import { Contract1764100000000 } from './migrations/1764100000000-contract.migration.js';
import { ContractMended1764200000000 } from './migrations/1764200000000-contract-mended.migration.js';
import { Spine1764000000000 } from './migrations/1764000000000-spine.migration.js';

/**
 * Prepared statements are planned once for each connection. Left to itself PostgreSQL plans those that take lists (`unnest`)
 * anew for every batch, which doubles what they cost; nothing here profits from knowing the values.
 */
const genericPlans = '-c plan_cache_mode=force_generic_plan';

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
  return new PrimaryDataSource({
    type: 'postgres',
    url: options.url,
    entities: [ApiToken, KeySlot, KeyVersion, Organization, SlotUse, WebhookDelivery, WebhookSubscription],
    migrations: [Spine1764000000000, Contract1764100000000, ContractMended1764200000000],
    migrationsTransactionMode: 'each',
    applicationName: options.applicationName,
    poolSize: options.poolSizeMax ?? 10,
    connectTimeoutMS: timeoutMs,
    extra: {
      query_timeout: timeoutMs,
      statement_timeout: timeoutMs,
      idle_in_transaction_session_timeout: 2 * timeoutMs,
      keepAlive: true,
      options: [genericPlans, ...(options.role ? [`-c role=${options.role}`] : [])].join(' '),
    },
  });
}

/**
 * A statement that ran into its time limit is still on the wire, and whatever was asked after it, a ROLLBACK too, may
 * never have been sent. Such a connection must not be used again: its transaction would be finished by somebody else's.
 */
class PrimaryDataSource extends DataSource {
  override async initialize(): Promise<this> {
    await super.initialize();
    poolOf(this).on('release', (_error, client) => {
      if (isStillAsking(client)) streamOf(client).destroy();
    });
    return this;
  }
}

/** Whether a statement of the client has no answer yet (pg 8.23 has no public word for it). */
function isStillAsking(client: ClientBase): boolean {
  return Boolean((client as unknown as { _getActiveQuery(): unknown })._getActiveQuery());
}

function streamOf(client: ClientBase): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}

/** The driver's pool: for prepared statements on hot paths. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as unknown as { master: Pool }).master;
}

/** A table that is written anew takes longer than a request may. */
const migrationTimeoutMs = 30 * 60_000;

/** Brings the schema up to date; processes that start at once wait for each other, `unavailable` when that takes too long. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const lock = dataSource.createQueryRunner();
  await translatingDatabaseErrors(async () => {
    try {
      await lock.query(`SELECT pg_advisory_lock(hashtext('latchkey.migrations'))`);
      await runMigrations(dataSource.options as PostgresOptions);
    } finally {
      await lock.query(`SELECT pg_advisory_unlock(hashtext('latchkey.migrations'))`).catch(() => undefined);
      await lock.release();
    }
  });
}

/** On connections of their own, whose statements may take their time. */
async function runMigrations({ extra, ...options }: PostgresOptions): Promise<void> {
  const timeouts = { query_timeout: migrationTimeoutMs, statement_timeout: migrationTimeoutMs };
  const patient = new DataSource({ ...options, poolSize: 2, extra: { ...(extra as object), ...timeouts } });
  try {
    await patient.initialize();
    await patient.runMigrations();
  } finally {
    if (patient.isInitialized) await patient.destroy();
  }
}

type PostgresOptions = Extract<ConstructorParameters<typeof DataSource>[0], { type: 'postgres' }>;
