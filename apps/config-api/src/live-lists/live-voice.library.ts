import type { Catalogue } from '#libs/catalogue';
import { AppError } from '#libs/errors';
import type { SlotRef } from '#libs/resolution';
import type { AccountListService } from './account-list.service.js';
import { catalogueItems } from './catalogue-items.js';

/** Looks voices up in the accounts that organizations have with their providers. */
export class LiveVoiceLibrary {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly lists: AccountListService,
  ) {}

  /** Whether the catalogue has the voice: such a one is in every account. */
  isEverywhere(provider: string, voiceId: string): boolean {
    return catalogueItems(this.catalogue, provider, 'voices').some(({ id }) => id === voiceId);
  }

  /**
   * Whether the account that the slot's current key belongs to has the voice; undefined when it cannot be told: no key,
   * or the provider does not answer.
   */
  async has({ organizationId, provider }: SlotRef, voiceId: string): Promise<boolean | undefined> {
    try {
      const { items } = await this.lists.read({ organizationId, provider }, 'voices');
      return items?.some(({ id }) => id === voiceId);
    } catch (error) {
      if (error instanceof AppError && cannotTell.includes(error.code)) return undefined;
      throw error;
    }
  }
}

const cannotTell = ['no_key', 'provider_refused', 'provider_unavailable'];
