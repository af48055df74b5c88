import { translatingDatabaseErrors } from '#libs/keystore';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';

const daysAhead = 7;
const publishedDaysKept = 7;
const intervalMs = 6 * 60 * 60 * 1000;

/** Makes the partitions of the days to come, so that receipts of a day can later be dropped at once. */
export async function createReceiptPartitions(dataSource: DataSource): Promise<void> {
  await translatingDatabaseErrors(() => dataSource.query('SELECT create_receipt_partitions($1)', [daysAhead]));
}

/** Forgets outbox rows that were published a week ago. */
async function deletePublished(dataSource: DataSource): Promise<void> {
  await translatingDatabaseErrors(() =>
    dataSource.query(`DELETE FROM outbox WHERE published_at < now() - make_interval(days => $1)`, [publishedDaysKept]),
  );
}

/** What the database needs every six hours. A failure is logged and waits for the next turn: partitions are made a week ahead. */
export class HousekeepingWorker {
  private readonly logger = new Logger(HousekeepingWorker.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly dataSource: DataSource) {}

  start(): void {
    this.timer = setInterval(() => void this.run(), intervalMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    try {
      await createReceiptPartitions(this.dataSource);
      await deletePublished(this.dataSource);
    } catch (error) {
      this.logger.warn({ msg: 'housekeeping failed; trying again in six hours', err: error });
    }
  }
}
