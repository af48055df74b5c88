import { translatingDatabaseErrors } from '#libs/keystore';
import type { DataSource } from 'typeorm';

export interface OutboxBacklog {
  pending: number;
  /** Age of the oldest pending event; 0 without one. */
  oldestSeconds: number;
}

/** How many events wait to be published, whichever process runs the relay. */
export async function readOutboxBacklog(dataSource: DataSource): Promise<OutboxBacklog> {
  const rows = await translatingDatabaseErrors(() =>
    dataSource.query<{ pending: string; oldest_seconds: string }[]>(
      `SELECT count(*) AS pending, coalesce(floor(extract(epoch FROM now() - min(created_at))), 0) AS oldest_seconds
       FROM outbox WHERE published_at IS NULL`,
    ),
  );
  return { pending: Number(rows[0]?.pending ?? 0), oldestSeconds: Number(rows[0]?.oldest_seconds ?? 0) };
}
