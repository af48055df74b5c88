import type { Catalogue } from '#libs/catalogue';
import type { ChangedSlot, SlotOverview, SlotOverviewStore, Surroundings } from '#libs/keystore';
import type { KeyRow, MapAnswer, SecretIdMap, SlotAnswer, VersionsAnswer } from './key-answers.schema.js';
import { keyRowOf } from './key-row.js';
import { organizationIdOf, type Caller } from '../auth/caller.js';
import { assertProvider } from './provider-name.js';
import { versionRowsOf } from './version-row.js';

/** What people are shown of an organization's keys: never a key, sealed or not. */
export class KeyViewService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly overviews: SlotOverviewStore,
  ) {}

  /** Those that were read with the caller's token, or else as they are now. */
  async secretIdsOf(caller: Caller): Promise<SecretIdMap> {
    if (caller.kind === 'tenant' && caller.secretIds) return this.mapOf(new Map(Object.entries(caller.secretIds)));
    return this.mapOf(await this.overviews.secretIds(organizationIdOf(caller)));
  }

  /** The answer to a change: the whole map, as the change's own transaction left it. */
  mapAnswer({ secretIds }: ChangedSlot): MapAnswer {
    return { success: true, byok_keys: this.mapOf(secretIds) };
  }

  /** The answer to a change of one slot: how it stands, beside the whole map. */
  slotAnswer(provider: string, changed: ChangedSlot): SlotAnswer {
    const { epoch, current } = changed;
    return {
      ...this.mapAnswer(changed),
      provider,
      secret_id: current?.secretId ?? null,
      version: current?.version ?? null,
      epoch,
    };
  }

  /** One row for every slot of the catalogue, in its order. */
  async keyRows(organizationId: string): Promise<KeyRow[]> {
    const overviews = await this.overviews.list(organizationId);
    const around = await this.overviews.surroundings(organizationId);
    return this.catalogue.slots.map(({ id }) => {
      const overview = overviews.find(({ slot }) => slot.provider === id);
      return rowOf(id, overview, around);
    });
  }

  /** The row of one slot; throws `invalid` for an unknown provider. */
  async keyRow(organizationId: string, provider: string): Promise<KeyRow> {
    assertProvider(this.catalogue, provider);
    const overview = await this.overviews.find({ organizationId, provider });
    return rowOf(provider, overview, await this.overviews.surroundings(organizationId));
  }

  /** Throws `invalid` for an unknown provider; a slot that was never written has no versions. */
  async versions(organizationId: string, provider: string): Promise<VersionsAnswer> {
    assertProvider(this.catalogue, provider);
    const overview = await this.overviews.find({ organizationId, provider });
    return { provider, epoch: overview?.slot.epoch ?? 0, versions: versionRowsOf(overview, new Date()) };
  }

  private mapOf(secretIds: ReadonlyMap<string, string>): SecretIdMap {
    return Object.fromEntries(this.catalogue.slots.map(({ id }) => [`${id}_secret_id`, secretIds.get(id) ?? null]));
  }
}

function rowOf(provider: string, overview: SlotOverview | undefined, around: Surroundings): KeyRow {
  const { defaultFallback, sharedByAgency, keptByPlatform } = around;
  const of = {
    defaultFallback,
    agencyShares: sharedByAgency.has(provider),
    platformHasKey: keptByPlatform.has(provider),
  };
  return keyRowOf(provider, overview, of, new Date());
}
