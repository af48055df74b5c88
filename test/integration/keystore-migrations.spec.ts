import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { cryptoReady, MemoryKekProvider } from '#libs/crypto';
import { createDataSource, migrate, platformOrganizationId, ServiceKeyStore, serviceKeyPurposes } from '#libs/keystore';
import type { DataSource } from 'typeorm';
import { FreshDatabase } from '../support/real-stack.js';

jest.setTimeout(60_000);

describe('a new database', () => {
  let database: FreshDatabase;
  let processes: DataSource[] = [];

  beforeAll(cryptoReady);
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const process of processes) await process.destroy();
    processes = [];
    await database.drop();
  });

  /** Connections of their own each, as so many processes have. */
  const startProcesses = async (count: number): Promise<DataSource[]> => {
    database = await FreshDatabase.create({ migrated: false });
    processes = Array.from({ length: count }, () => createDataSource({ url: database.url, applicationName: 'spec' }));
    await Promise.all(processes.map((process) => process.initialize()));
    return processes;
  };
  const tablesOf = async (process: DataSource): Promise<string[]> => {
    const rows = await process.query<{ name: string }[]>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'i', 'S')
       ORDER BY relname`,
    );
    return rows.map((row) => row.name);
  };
  const functionsOf = async (process: DataSource): Promise<string[]> => {
    const rows = await process.query<{ name: string }[]>(
      `SELECT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname`,
    );
    return rows.map((row) => row.name);
  };

  describe('migrations', () => {
    it('go up, down without a rest, and up again to the same schema', async () => {
      const [process] = await startProcesses(1);
      await migrate(process!);
      const before = await tablesOf(process!);
      expect(before).toEqual(expect.arrayContaining(['key_slot', 'key_version', 'outbox', 'receipt', 'receipt_other']));
      while ((await process!.query<unknown[]>('SELECT FROM migrations')).length > 0) await process!.undoLastMigration();
      expect(
        (await tablesOf(process!)).filter((name) => !name.includes('igration') && !name.startsWith('PK_')),
      ).toEqual([]);
      expect(await functionsOf(process!)).toEqual([]);
      await migrate(process!);
      expect(await tablesOf(process!)).toEqual(before);
      expect(await process!.query('SELECT id FROM organization')).toEqual([{ id: platformOrganizationId }]);
    });

    it('leave no time on a slot that not every change of it sets', async () => {
      const [process] = await startProcesses(1);
      await migrate(process!);
      const columns = await process!.query<{ name: string }[]>(
        `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'key_slot'::regclass AND attnum > 0 AND NOT attisdropped`,
      );
      expect(columns.map(({ name }) => name)).not.toContain('updated_at');
    });

    it('run once when several processes start at once, and again they do nothing', async () => {
      const started = await startProcesses(4);
      await Promise.all(started.map((process) => migrate(process)));
      const applied = await started[0]!.query<{ name: string }[]>('SELECT name FROM migrations');
      expect(applied).toHaveLength(started[0]!.migrations.length);
      await Promise.all(started.map((process) => migrate(process)));
      expect(await started[0]!.query('SELECT name FROM migrations')).toEqual(applied);
    });

    it('let go of their lock, also when one of them fails', async () => {
      const [one, two] = await startProcesses(2);
      await one!.query('CREATE TABLE organization (planted text)');
      jest.spyOn(console, 'log').mockReturnValue();
      await expect(migrate(one!)).rejects.toMatchObject({ kind: 'internal', code: 'database_error' });
      await one!.query('DROP TABLE organization');
      await migrate(two!);
      expect(
        await one!.query(`SELECT FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`),
      ).toEqual([]);
    });

    it('that wait too long for another process are unavailable, so that the start tries again', async () => {
      const [slow] = await startProcesses(1);
      const waiting = createDataSource({ url: database.url, applicationName: 'spec', timeoutMs: 300 });
      processes.push(await waiting.initialize());
      const holder = slow!.createQueryRunner();
      await holder.query(`SELECT pg_advisory_lock(hashtext('latchkey.migrations'))`);
      await expect(migrate(waiting)).rejects.toMatchObject({ kind: 'unavailable' });
      await holder.query(`SELECT pg_advisory_unlock(hashtext('latchkey.migrations'))`);
      await holder.release();
      await migrate(waiting);
    });

    it('make the receipts of yesterday, today and a week ahead partitions of their own', async () => {
      const [process] = await startProcesses(1);
      await migrate(process!);
      const partitions = (await tablesOf(process!)).filter((name) => /^receipt_\d{8}$/.test(name));
      expect(partitions).toHaveLength(9);
    });
  });

  describe('service keys', () => {
    const hexOf = async (store: ServiceKeyStore): Promise<string[]> =>
      Promise.all(
        serviceKeyPurposes.map(async (purpose) => (await store.get(purpose)).use((bytes) => bytes.toString('hex'))),
      );

    it('are the same in every process, however many make them at once, and differ by purpose', async () => {
      const started = await startProcesses(4);
      await migrate(started[0]!);
      const rootKek = new MemoryKekProvider();
      const stores = started.map((process) => new ServiceKeyStore(process, rootKek));
      await Promise.all(stores.map((store) => store.ensureAll()));
      const keys = await Promise.all(stores.map(hexOf));
      for (const other of keys) expect(other).toEqual(keys[0]);
      expect(new Set(keys[0]).size).toBe(serviceKeyPurposes.length);
      await stores[0]!.ensureAll();
      expect(await hexOf(stores[0]!)).toEqual(keys[0]);
    });

    it('are unavailable until config-api has made them', async () => {
      const [process] = await startProcesses(1);
      await migrate(process!);
      const store = new ServiceKeyStore(process!, new MemoryKekProvider());
      await expect(store.get('handle')).rejects.toMatchObject({ kind: 'unavailable', code: 'service_key_missing' });
    });

    it('do not open under another root KEK, nor for another purpose', async () => {
      const [process] = await startProcesses(1);
      await migrate(process!);
      const rootKek = new MemoryKekProvider();
      await new ServiceKeyStore(process!, rootKek).ensureAll();
      const stranger = new ServiceKeyStore(process!, new MemoryKekProvider());
      await expect(stranger.get('handle')).rejects.toMatchObject({ code: 'open_failed' });
      await process!.query(
        `UPDATE service_key SET wrapped = (SELECT wrapped FROM service_key WHERE purpose = 'handle')
         WHERE purpose = 'fingerprint'`,
      );
      await expect(new ServiceKeyStore(process!, rootKek).get('fingerprint')).rejects.toMatchObject({
        code: 'open_failed',
      });
    });
  });
});
