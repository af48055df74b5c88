import type { Catalogue } from '#libs/catalogue';
import { AppError } from '#libs/errors';
import type { ChangedSlot, FallbackPolicy, KeySlotStore, SlotId, SlotOverviewStore } from '#libs/keystore';
import { metrics } from '#libs/observability';
import type { SubmittedApiKey } from './api-key.js';
import type { ChangeOrder } from './change-order.js';
import type { NewKeyFactory, ReplacementMode } from './new-key.factory.js';
import { assertProvider } from './provider-name.js';

/**
 * Changes keys for an organization, the platform included. Every method throws `invalid` for a provider that the
 * catalogue does not have and `precondition_failed` when the slot's epoch is not the expected one.
 */
export class ByokService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly slots: KeySlotStore,
    private readonly overviews: SlotOverviewStore,
    private readonly newKeys: NewKeyFactory,
  ) {}

  /** Adds the slot's first key or replaces it gracefully. Uses the submitted key up. */
  store(order: ChangeOrder, key: SubmittedApiKey): Promise<ChangedSlot> {
    return this.spend(key, 'store', order, () => this.replace(order, key, { mode: 'graceful' }));
  }

  /** Replaces the key of a slot that has had one; `not_found` otherwise. Uses the submitted key up. */
  rotate(order: ChangeOrder, key: SubmittedApiKey, replacement: ReplacementMode): Promise<ChangedSlot> {
    return this.spend(key, 'rotate', order, async () => {
      const overview = await this.overviews.find(slotIdOf(order));
      if (!overview?.versions.length) {
        throw new AppError('not_found', 'not_found', {
          message: `No ${order.provider} key has been stored yet: add the first one with POST /byok.`,
          param: 'provider',
        });
      }
      return this.replace(order, key, replacement);
    });
  }

  /** The leak button; repeating it changes nothing. `not_found` when nothing is stored. */
  revoke(order: ChangeOrder): Promise<ChangedSlot> {
    return this.change('revoke', order, () => this.slots.revoke(slotIdOf(order), order));
  }

  /** Back to "never stored". `not_found` when nothing is stored. */
  remove(order: ChangeOrder): Promise<ChangedSlot> {
    return this.change('remove', order, () => this.slots.remove(slotIdOf(order), order));
  }

  /** Sets whether the platform's key may take the place of the organization's. */
  setFallback(order: ChangeOrder, fallback: FallbackPolicy): Promise<ChangedSlot> {
    return this.change('set_fallback', order, () => this.slots.setFallback(slotIdOf(order), fallback, order));
  }

  private replace(order: ChangeOrder, key: SubmittedApiKey, replacement: ReplacementMode): Promise<ChangedSlot> {
    const newKey = this.newKeys.create(order.organizationId, key, replacement);
    return this.slots.store(slotIdOf(order), newKey, order);
  }

  private async spend<T>(
    key: SubmittedApiKey,
    operation: string,
    order: ChangeOrder,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await this.change(operation, order, work);
    } finally {
      key.secret.destroy();
    }
  }

  private async change<T>(operation: string, order: ChangeOrder, work: () => Promise<T>): Promise<T> {
    assertProvider(this.catalogue, order.provider);
    const result = await work();
    metrics.keyChanges.inc({ operation });
    return result;
  }
}

function slotIdOf({ organizationId, provider }: ChangeOrder): SlotId {
  return { organizationId, provider };
}
