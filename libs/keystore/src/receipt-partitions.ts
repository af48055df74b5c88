import type { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';

const daysAhead = 7;

/** Makes the partitions of the week to come, so that receipts of a day can later be dropped at once. */
export async function createReceiptPartitions(dataSource: DataSource): Promise<void> {
  await translatingDatabaseErrors(() => dataSource.query('SELECT create_receipt_partitions($1)', [daysAhead]));
}
