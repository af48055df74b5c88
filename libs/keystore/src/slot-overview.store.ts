import type { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import { KeySlot } from './entities/key-slot.entity.js';
import { KeyVersion } from './entities/key-version.entity.js';
import { withinOrganization } from './organization-scope.js';
import { readSecretIds } from './secret-ids.js';
import type { SlotId } from './key-slot.store.js';

/** A slot with its versions, newest first, each with the number of live calls that hold it. */
export interface SlotOverview {
  slot: KeySlot;
  versions: (KeyVersion & { liveCalls: number })[];
}

/** Reads slots for people: what is stored, what it was, who still uses it. Never any ciphertext. */
export class SlotOverviewStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The slots that were ever written. */
  list(organizationId: string): Promise<SlotOverview[]> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      const slots = await manager.findBy(KeySlot, { organizationId });
      const versions = await manager.find(KeyVersion, { where: { organizationId }, order: { version: 'DESC' } });
      const live = await manager.query<LiveCallsRow[]>(liveCallsSql, [organizationId]);
      return slots.map((slot) => ({ slot, versions: versionsOf(slot.provider, versions, live) }));
    });
  }

  async find(id: SlotId): Promise<SlotOverview | undefined> {
    const overviews = await this.list(id.organizationId);
    return overviews.find((overview) => overview.slot.provider === id.provider);
  }

  /** The secret id of every slot that has a current key. */
  secretIds(organizationId: string): Promise<Map<string, string>> {
    return withinOrganization(this.dataSource, organizationId, (manager) => readSecretIds(manager, organizationId));
  }

  /** The providers for which an organization has an active key; for "what would the platform's key do". */
  async activeProviders(organizationId: string): Promise<Set<string>> {
    const slots = await translatingDatabaseErrors(() =>
      this.dataSource.getRepository(KeySlot).findBy({ organizationId, state: 'active' }),
    );
    return new Set(slots.map((slot) => slot.provider));
  }
}

interface LiveCallsRow {
  slot: string;
  version: number;
  calls: string;
}

const liveCallsSql = `
  SELECT c.component ->> 'slot' AS slot, (c.component ->> 'version')::integer AS version,
    count(DISTINCT r.call_id) AS calls
  FROM receipt r CROSS JOIN LATERAL jsonb_array_elements(r.components) AS c (component)
  WHERE r.organization_id = $1 AND r.ended_at IS NULL AND r.live_until > now()
    AND c.component ->> 'source' = 'tenant'
  GROUP BY 1, 2`;

function versionsOf(provider: string, versions: KeyVersion[], live: LiveCallsRow[]): SlotOverview['versions'] {
  return versions
    .filter((version) => version.provider === provider)
    .map((version) => {
      const row = live.find((candidate) => candidate.slot === provider && candidate.version === version.version);
      return Object.assign(version, { liveCalls: Number(row?.calls ?? 0) });
    });
}
