import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';
import { KeySlot, type FallbackPolicy } from './entities/key-slot.entity.js';
import { KeyVersion } from './entities/key-version.entity.js';
import { SlotUse } from './entities/slot-use.entity.js';
import { readLiveCalls, type AskedSlots, type LiveCalls } from './live-calls.js';
import { platformOrganizationId } from './organization-id.js';
import { withinOrganization } from './organization-scope.js';
import { readSecretIdsFast } from './secret-ids.js';
import type { SlotId } from './slot-change.js';

/** A slot with its versions, newest first, each with the number of live calls that hold it. */
export interface SlotOverview {
  slot: KeySlot;
  versions: (KeyVersion & { liveCalls: number })[];
  /** When a call last got its key, whoever's call; null when none did. */
  lastUsedAt: Date | null;
}

/** See `SlotOverviewStore.surroundings`; the sets are of providers. Nobody stands behind the platform itself. */
export interface Surroundings {
  defaultFallback: FallbackPolicy;
  sharedByAgency: ReadonlySet<string>;
  keptByPlatform: ReadonlySet<string>;
}

/** Reads slots for people: what is stored, what it was, who still uses it. Never any ciphertext. */
export class SlotOverviewStore {
  private readonly pool: Pool;

  constructor(private readonly dataSource: DataSource) {
    this.pool = poolOf(dataSource);
  }

  /** The slots that were ever written. */
  list(organizationId: string): Promise<SlotOverview[]> {
    return this.read({ organizationId });
  }

  async find({ organizationId, provider }: SlotId): Promise<SlotOverview | undefined> {
    const [overview] = await this.read({ organizationId, provider });
    return overview;
  }

  /** The secret id of every slot that has a current key. */
  secretIds(organizationId: string): Promise<ReadonlyMap<string, string>> {
    return readSecretIdsFast(this.pool, organizationId);
  }

  /** What decides, besides an organization's own slots, what its calls get. Keys that have expired count as absent. */
  async surroundings(organizationId: string): Promise<Surroundings> {
    const values = [organizationId, platformOrganizationId];
    const result = await translatingDatabaseErrors(() =>
      this.pool.query<SurroundingsRow>({ name: 'slot-surroundings', text: surroundingsSql, values }),
    );
    const row = result.rows[0];
    return {
      defaultFallback: row?.default_fallback ?? 'when_missing',
      sharedByAgency: new Set(row?.shared),
      keptByPlatform: new Set(row?.platform),
    };
  }

  private async read(asked: AskedSlots): Promise<SlotOverview[]> {
    const live = await readLiveCalls(this.dataSource, asked);
    return withinOrganization(this.dataSource, asked.organizationId, async (manager) => {
      const slots = await manager.findBy(KeySlot, asked);
      const versions = await manager.find(KeyVersion, { where: asked, order: { version: 'DESC' } });
      const uses = await manager.findBy(SlotUse, asked);
      return slots.map((slot) => ({
        slot,
        versions: versionsOf(slot.provider, versions, live),
        lastUsedAt: uses.find((use) => use.provider === slot.provider)?.lastUsedAt ?? null,
      }));
    });
  }
}

interface SurroundingsRow {
  default_fallback: FallbackPolicy | null;
  shared: string[];
  platform: string[];
}

const surroundingsSql = `
  SELECT o.default_fallback,
    ARRAY(SELECT s.provider FROM key_slot s WHERE s.organization_id = o.parent_id AND s.shared
      AND s.state = 'active' AND (s.expires_at IS NULL OR s.expires_at > now())) AS shared,
    ARRAY(SELECT s.provider FROM key_slot s WHERE s.organization_id = $2 AND o.id <> $2
      AND s.state = 'active' AND (s.expires_at IS NULL OR s.expires_at > now())) AS platform
  FROM organization o WHERE o.id = $1`;

function versionsOf(provider: string, versions: KeyVersion[], live: LiveCalls[]): SlotOverview['versions'] {
  return versions
    .filter((version) => version.provider === provider)
    .map((version) => {
      const holding = live.find((candidate) => candidate.slot === provider && candidate.version === version.version);
      return Object.assign(version, { liveCalls: holding?.calls ?? 0 });
    });
}
