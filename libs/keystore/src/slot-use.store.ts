import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';
import type { SlotUse } from './entities/slot-use.entity.js';

/** Last uses of slots as the resolver writes them: any number in one round trip. */
export class SlotUseStore {
  private readonly pool: Pool;

  constructor(dataSource: DataSource) {
    this.pool = poolOf(dataSource);
  }

  /** Writes the uses, in whatever order they come: a last use never goes back. */
  async note(uses: readonly SlotUse[]): Promise<void> {
    const values = [
      uses.map((use) => use.organizationId),
      uses.map((use) => use.provider),
      uses.map((use) => use.lastUsedAt),
    ];
    await translatingDatabaseErrors(() => this.pool.query(noteSql, values));
  }
}

/** In the order of the keys: resolvers that write at the same time lock rows in the same order. */
const noteSql = `
  INSERT INTO slot_use (organization_id, provider, last_used_at)
  SELECT organization_id, provider, max(last_used_at)
  FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS u (organization_id, provider, last_used_at)
  GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (organization_id, provider) DO UPDATE SET last_used_at = EXCLUDED.last_used_at
    WHERE slot_use.last_used_at < EXCLUDED.last_used_at`;
