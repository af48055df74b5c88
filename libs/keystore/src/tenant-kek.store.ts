import { createTenantKek, TenantKekCache, type KekProvider, type TenantKek } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';

export interface TenantKekId {
  organizationId: string;
  version: number;
}

/** Tenant KEKs: wrapped in PostgreSQL, unwrapped in this process's memory for a short time. */
export class TenantKekStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly provider: KekProvider,
    private readonly cache: TenantKekCache,
  ) {}

  /** The unwrapped KEK if this process holds it after `load`. Use it at once: the cache may zero it in a later turn. */
  held(id: TenantKekId): TenantKek | undefined {
    return this.cache.get(id.organizationId, id.version);
  }

  /**
   * Brings the KEKs into memory, with one query for all that are missing. Those that cannot be unwrapped
   * (`sealed`) stay away: ask `held` for each.
   */
  async load(ids: readonly TenantKekId[]): Promise<void> {
    const missing = ids.filter((id) => !this.cache.isFresh(id.organizationId, id.version));
    if (missing.length === 0) return;
    const rows = await translatingDatabaseErrors(() =>
      this.dataSource.query<{ organization_id: string; version: number; wrapped: Buffer }[]>(
        `SELECT organization_id, version, wrapped FROM tenant_kek
         WHERE (organization_id, version) IN (SELECT * FROM unnest($1::uuid[], $2::integer[]))`,
        [missing.map((id) => id.organizationId), missing.map((id) => id.version)],
      ),
    );
    await Promise.allSettled(rows.map((row) => this.cache.unwrap(row.organization_id, row.version, row.wrapped)));
  }

  /** The KEK that new versions of this organization are sealed with; made on first use. */
  async getCurrent(organizationId: string): Promise<TenantKek> {
    const stored = (await this.findCurrent(organizationId)) ?? (await this.create(organizationId));
    return this.cache.unwrap(organizationId, stored.version, stored.wrapped);
  }

  private async findCurrent(organizationId: string): Promise<{ version: number; wrapped: Buffer } | undefined> {
    const rows = await translatingDatabaseErrors(() =>
      this.dataSource.query<{ version: number; wrapped: Buffer }[]>(
        `SELECT version, wrapped FROM tenant_kek WHERE organization_id = $1 ORDER BY version DESC LIMIT 1`,
        [organizationId],
      ),
    );
    return rows[0];
  }

  private async create(organizationId: string): Promise<{ version: number; wrapped: Buffer }> {
    const { kek, wrapped } = await createTenantKek(this.provider, organizationId, 1);
    kek.key.destroy();
    const { keyId } = await this.provider.status();
    await translatingDatabaseErrors(() =>
      this.dataSource.query(
        `INSERT INTO tenant_kek (organization_id, version, wrapped, root_kek_id) VALUES ($1, 1, $2, $3)
         ON CONFLICT DO NOTHING`,
        [organizationId, wrapped, keyId],
      ),
    );
    const stored = await this.findCurrent(organizationId);
    if (!stored) throw new AppError('internal', 'tenant_kek_missing');
    return stored;
  }
}
