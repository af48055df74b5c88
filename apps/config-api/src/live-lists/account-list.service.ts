import { AppError } from '#libs/errors';
import type { ListKind, LiveItem, ProviderLists } from '#libs/providers';
import type { SlotRef, StoredKey, StoredKeyReader } from '#libs/resolution';
import { LRUCache } from 'lru-cache';

/** What a provider listed for the key of one slot. */
export interface AccountList {
  /** Undefined when the provider has no such list. */
  items: readonly LiveItem[] | undefined;
  fetchedAt: Date;
}

const secondsKept = 60;
const listsKept = 500;

/** Asks providers what the keys of organizations may use, and remembers it for a minute for each version of a key. */
export class AccountListService {
  private readonly lists = new LRUCache<string, Promise<AccountList>>({ max: listsKept, ttl: secondsKept * 1_000 });

  constructor(
    private readonly storedKeys: StoredKeyReader,
    private readonly providers: ProviderLists,
  ) {}

  /**
   * Throws `not_found` (`no_key`) when the organization has no key of its own there, and what `ProviderLists` throws.
   * Whether the key is still there is looked up each time.
   */
  async read(slot: SlotRef, kind: ListKind): Promise<AccountList> {
    const stored = await this.storedKeys.find(slot);
    if (!stored) {
      throw new AppError('not_found', 'no_key', {
        message: `You have no usable ${slot.provider} key of your own: add one with POST /byok first.`,
        param: 'provider',
      });
    }
    const id = JSON.stringify([slot.organizationId, slot.provider, stored.version, stored.region, kind]);
    const known = this.lists.get(id);
    if (known) {
      stored.apiKey.destroy();
      return known;
    }
    const asked = this.ask(slot.provider, kind, stored);
    this.lists.set(id, asked);
    try {
      return await asked;
    } catch (error) {
      if (this.lists.peek(id) === asked) this.lists.delete(id);
      throw error;
    }
  }

  private async ask(provider: string, kind: ListKind, stored: StoredKey): Promise<AccountList> {
    try {
      const items = await this.providers.list(kind, provider, stored.apiKey, { region: stored.region });
      return { items, fetchedAt: new Date() };
    } finally {
      stored.apiKey.destroy();
    }
  }
}
