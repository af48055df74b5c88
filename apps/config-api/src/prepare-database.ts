import type { KekProvider } from '#libs/crypto';
import { createReceiptPartitions, migrate, ServiceKeyStore } from '#libs/keystore';
import type { DataSource } from 'typeorm';

/** Brings the schema up to date and makes what must exist before the first request; safe to repeat and to race. */
export async function prepareDatabase(dataSource: DataSource, kekProvider: KekProvider): Promise<void> {
  await migrate(dataSource);
  await new ServiceKeyStore(dataSource, kekProvider).ensureAll();
  await createReceiptPartitions(dataSource);
}
