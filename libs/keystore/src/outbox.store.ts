import type { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';

export interface OutboxBacklog {
  pending: number;
  /** Age of the oldest pending event; 0 without one. */
  oldestSeconds: number;
}

/** The outbox for those who do not publish from it. */
export class OutboxStore {
  constructor(private readonly dataSource: DataSource) {}

  /** How many events wait to be published, whichever process runs the relay. */
  async readBacklog(): Promise<OutboxBacklog> {
    const rows = await translatingDatabaseErrors(() =>
      this.dataSource.query<{ pending: string; oldest_seconds: string }[]>(
        `SELECT count(*) AS pending, coalesce(floor(extract(epoch FROM now() - min(created_at))), 0) AS oldest_seconds
         FROM outbox WHERE published_at IS NULL`,
      ),
    );
    return { pending: Number(rows[0]?.pending ?? 0), oldestSeconds: Number(rows[0]?.oldest_seconds ?? 0) };
  }

  /** Forgets the events that were published longer ago than this many days. */
  async deletePublished(keptDays: number): Promise<void> {
    await translatingDatabaseErrors(() =>
      this.dataSource.query(`DELETE FROM outbox WHERE published_at < now() - make_interval(days => $1)`, [keptDays]),
    );
  }
}
