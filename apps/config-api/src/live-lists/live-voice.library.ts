import type { Catalogue } from '#libs/catalogue';
import { AppError } from '#libs/errors';
import { VoiceLibrary } from '../preflight/config-findings.js';
import type { AccountListService } from './account-list.service.js';
import { catalogueItems } from './catalogue-items.js';

/** Looks voices up in the accounts that organizations have with their providers. */
export class LiveVoiceLibrary extends VoiceLibrary {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly lists: AccountListService,
  ) {
    super();
  }

  override async has(organizationId: string, provider: string, voiceId: string): Promise<boolean | undefined> {
    if (catalogueItems(this.catalogue, provider, 'voices').some(({ id }) => id === voiceId)) return true;
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
