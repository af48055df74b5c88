import type { Catalogue } from '#libs/catalogue';
import { platformOrganizationId, type ChangedSlot, type SlotOverviewStore } from '#libs/keystore';
import { keyRowOf, type KeyRow } from './key-row.js';
import { assertProvider } from './provider-name.js';
import { versionRowsOf, type VersionRow } from './version-row.js';

/** `<slot>_secret_id` of every slot of the catalogue; null when not configured. */
export type SecretIdMap = Record<string, string | null>;

export interface MapAnswer {
  success: true;
  byok_keys: SecretIdMap;
}

export interface SlotAnswer extends MapAnswer {
  provider: string;
  secret_id: string | null;
  version: number | null;
  epoch: number;
}

export interface VersionsAnswer {
  provider: string;
  epoch: number;
  versions: VersionRow[];
}

/** What people are shown of an organization's keys: never a key, sealed or not. */
export class KeyViewService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly overviews: SlotOverviewStore,
  ) {}

  async secretIds(organizationId: string): Promise<SecretIdMap> {
    return this.mapOf(await this.overviews.secretIds(organizationId));
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
    const platform = await this.overviews.activeProviders(platformOrganizationId);
    const now = new Date();
    return this.catalogue.slots.map(({ id }) => {
      const overview = overviews.find(({ slot }) => slot.provider === id);
      return keyRowOf(id, overview, platform.has(id), now);
    });
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
