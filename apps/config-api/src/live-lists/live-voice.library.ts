import type { Catalogue } from '#libs/catalogue';
import { AppError } from '#libs/errors';
import { isDefinitelyBad, ListRefusal } from '#libs/providers';
import type { SlotRef } from '#libs/resolution';
import type { AccountListService } from './account-list.service.js';
import { catalogueItems } from './catalogue-items.js';

/**
 * `unlisted`: the provider lists no voices, so that nobody can tell. `unknown`: there is no key, or the provider does not
 * answer. `refused`: the provider says that the key is good for nothing. A sentence says why.
 */
export type VoiceFound = 'there' | 'absent' | 'unlisted' | { unknown: string } | { refused: string };

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

  /** Looks the voice up in the account that the slot's current key belongs to. */
  async find({ organizationId, provider }: SlotRef, voiceId: string): Promise<VoiceFound> {
    try {
      const { items } = await this.lists.read({ organizationId, provider }, 'voices');
      if (!items) return 'unlisted';
      return items.some(({ id }) => id === voiceId) ? 'there' : 'absent';
    } catch (error) {
      if (error instanceof ListRefusal && isDefinitelyBad(error)) return { refused: error.message };
      if (error instanceof AppError && cannotTell.includes(error.code)) return { unknown: error.message };
      throw error;
    }
  }
}

const cannotTell = ['no_key', 'provider_refused', 'provider_unavailable'];
