import type { Catalogue } from '#libs/catalogue';
import type { ListKind } from '#libs/providers';
import type { SlotRef } from '#libs/resolution';
import { assertProvider } from '../byok/provider-name.js';
import type { AccountListService } from './account-list.service.js';
import { catalogueItems, joined, openComponentsOf } from './catalogue-items.js';
import type { ListedItem, LiveModelsAnswer, LiveVoicesAnswer } from './live-list.schema.js';

/** The live lists of providers, joined with the catalogue. */
export class LiveListService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly lists: AccountListService,
  ) {}

  /** Throws `invalid` for an unknown provider, and what `AccountListService` throws. */
  async models(slot: SlotRef): Promise<LiveModelsAnswer> {
    const { items, ...about } = await this.list(slot, 'models');
    return { ...about, models: items };
  }

  /** Throws as `models` does. */
  async voices(slot: SlotRef): Promise<LiveVoicesAnswer> {
    const { items, ...about } = await this.list(slot, 'voices');
    return { ...about, voices: items };
  }

  private async list(
    slot: SlotRef,
    kind: ListKind,
  ): Promise<Omit<LiveModelsAnswer, 'models'> & { items: ListedItem[] }> {
    assertProvider(this.catalogue, slot.provider);
    const { items: live, fetchedAt } = await this.lists.read(slot, kind);
    const known = catalogueItems(this.catalogue, slot.provider, kind);
    const listed = new Set(live?.map(({ id }) => id));
    return {
      provider: slot.provider,
      live: live !== undefined,
      fetched_at: live ? fetchedAt.toISOString() : null,
      not_listed: live ? known.filter(({ id }) => !listed.has(id)).map(({ id }) => id) : [],
      items: joined(live, known, openComponentsOf(this.catalogue, slot.provider, kind)),
    };
  }
}
