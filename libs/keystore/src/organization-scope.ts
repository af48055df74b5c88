import type { DataSource, EntityManager } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';

/**
 * Runs `work` in one transaction as the tenant-facing role of `organizationId`: row-level security shows and
 * takes rows of this organization only, whatever the statements inside forget.
 */
export function withinOrganization<T>(
  dataSource: DataSource,
  organizationId: string,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return translatingDatabaseErrors(() =>
    dataSource.transaction(async (manager) => {
      await manager.query(
        `SELECT set_config('role', 'latchkey_tenant', true), set_config('latchkey.organization_id', $1, true)`,
        [organizationId],
      );
      return work(manager);
    }),
  );
}
