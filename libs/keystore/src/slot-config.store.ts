import { AppError } from '#libs/errors';
import type { DataSource } from 'typeorm';
import { withinOrganization } from './organization-scope.js';
import type { SlotId } from './slot-change.js';

/** The settings of an organization for the provider of a slot, as clients sent them. */
export type SlotConfig = Record<string, unknown>;

/** Settings of slots. They decide nothing about which key a call gets, so that no epoch goes up with them. */
export class SlotConfigStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Stores what `change` makes of the slot's settings, which nobody else changes meanwhile; the settings of all slots
   * that have some, by provider. Throws `not_found` unless the slot has a key.
   */
  update(
    { organizationId, provider }: SlotId,
    change: (before: SlotConfig) => SlotConfig,
  ): Promise<Map<string, SlotConfig>> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      const [slot] = await manager.query<ConfigRow[]>(
        `SELECT provider, config FROM key_slot
         WHERE organization_id = $1 AND provider = $2 AND current_version IS NOT NULL FOR UPDATE`,
        [organizationId, provider],
      );
      if (!slot) throw noKey(provider);
      await manager.query(`UPDATE key_slot SET config = $3 WHERE organization_id = $1 AND provider = $2`, [
        organizationId,
        provider,
        JSON.stringify(change(slot.config)),
      ]);
      const rows = await manager.query<ConfigRow[]>(
        `SELECT provider, config FROM key_slot WHERE organization_id = $1`,
        [organizationId],
      );
      return new Map(rows.map((row) => [row.provider, row.config]));
    });
  }
}

interface ConfigRow {
  provider: string;
  config: SlotConfig;
}

function noKey(provider: string): AppError {
  return new AppError('not_found', 'not_found', {
    message: `No ${provider} key is stored: store one with POST /byok first.`,
    param: 'provider',
  });
}
