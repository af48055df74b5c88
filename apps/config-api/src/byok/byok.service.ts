import type { Catalogue } from '#libs/catalogue';
import type { ChangedSlot, KeySlotStore, SlotConditionStore, SlotId, SlotPolicy } from '#libs/keystore';
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
    private readonly conditions: SlotConditionStore,
    private readonly newKeys: NewKeyFactory,
  ) {}

  /** Adds the slot's first key or replaces it gracefully. Uses the submitted key up. */
  store(order: ChangeOrder, key: SubmittedApiKey, validate?: boolean): Promise<ChangedSlot> {
    return this.spend(key, 'store', order, () => this.replace(order, key, { mode: 'graceful', validate }));
  }

  /** Replaces the key of a slot that has had one; `not_found` otherwise. Uses the submitted key up. */
  rotate(order: ChangeOrder, key: SubmittedApiKey, replacement: ReplacementMode): Promise<ChangedSlot> {
    return this.spend(key, 'rotate', order, () => this.replace(order, key, { ...replacement, mustReplace: true }));
  }

  /** The leak button; repeating it changes nothing. `not_found` when nothing is stored. */
  revoke(order: ChangeOrder): Promise<ChangedSlot> {
    return this.change('revoke', order, () => this.slots.revoke(slotIdOf(order), order));
  }

  /** Back to "never stored". `not_found` when nothing is stored. */
  remove(order: ChangeOrder): Promise<ChangedSlot> {
    return this.change('remove', order, () => this.slots.remove(slotIdOf(order), order));
  }

  /** Back to an earlier version that is still kept; `not_found` when there is none. */
  rollBack(
    order: ChangeOrder,
    wanted: { version?: number | undefined; overlapSeconds?: number | undefined },
  ): Promise<ChangedSlot> {
    const kept = {
      ...(wanted.version && { version: wanted.version }),
      overlapSeconds: this.newKeys.overlapSecondsOf(wanted),
    };
    return this.change('roll_back', order, () => this.slots.rollBack(slotIdOf(order), kept, order));
  }

  /** Sets under which conditions the slot gives its key, and whether another's may take its place. */
  setPolicy(order: ChangeOrder, policy: SlotPolicy): Promise<ChangedSlot> {
    return this.change('set_policy', order, () => this.conditions.setPolicy(slotIdOf(order), policy, order));
  }

  private async replace(order: ChangeOrder, key: SubmittedApiKey, replacement: ReplacementMode): Promise<ChangedSlot> {
    const region = await this.conditions.findRegion(slotIdOf(order));
    const newKey = await this.newKeys.create({ ...slotIdOf(order), region }, key, replacement);
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
