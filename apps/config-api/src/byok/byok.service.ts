import type { Catalogue } from '#libs/catalogue';
import type {
  ChangedSlot,
  KeySlotStore,
  RecordedVerdict,
  SlotConditionStore,
  SlotId,
  SlotPolicy,
} from '#libs/keystore';
import { AppError } from '#libs/errors';
import { metrics } from '#libs/observability';
import type { SubmittedApiKey } from './api-key.js';
import type { ChangeOrder } from './change-order.js';
import type { NewKeyFactory, ReplacementMode } from './new-key.factory.js';
import { assertProvider } from './provider-name.js';

/** A slot with a new key; `verdict` is what the provider said of it, absent when it was not asked. */
export type StoredKeySlot = ChangedSlot & { verdict?: RecordedVerdict };

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
  store(order: ChangeOrder, key: SubmittedApiKey, validate?: boolean): Promise<StoredKeySlot> {
    return this.spend(key, 'store', order, () => this.replace(order, key, { mode: 'graceful', validate }));
  }

  /** Replaces the key of a slot that has had one; `not_found` otherwise. Uses the submitted key up. */
  rotate(order: ChangeOrder, key: SubmittedApiKey, replacement: ReplacementMode): Promise<StoredKeySlot> {
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

  /**
   * Sets under which conditions the slot gives its key, and whether another's may take its place. Throws `invalid` for a
   * model that nothing on the slot has.
   */
  setPolicy(order: ChangeOrder, policy: SlotPolicy): Promise<ChangedSlot> {
    return this.change('set_policy', order, () => {
      assertModels(this.catalogue, order.provider, policy.allowedModels ?? []);
      return this.conditions.setPolicy(slotIdOf(order), policy, order);
    });
  }

  private async replace(
    order: ChangeOrder,
    key: SubmittedApiKey,
    replacement: ReplacementMode,
  ): Promise<StoredKeySlot> {
    const { region, done } = await this.slots.foresee(slotIdOf(order), replacement, order);
    if (done) return done;
    const newKey = await this.newKeys.create({ ...slotIdOf(order), region }, key, replacement);
    const changed = await this.slots.store(slotIdOf(order), newKey, order);
    return { ...changed, ...(newKey.check && { verdict: newKey.check.verdict }) };
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

/** A list with a model that no call can ask for would lock the slot without a word. */
function assertModels(catalogue: Catalogue, provider: string, models: readonly string[]): void {
  const allowed = catalogue.modelsOf(provider);
  if (allowed.length === 0 || models.every((model) => allowed.includes(model))) return;
  throw new AppError('invalid', 'invalid_request', {
    message: `allowed_models has a model that nothing on a ${provider} key has.`,
    param: 'allowed_models',
    details: [`allowed_models may have ${allowed.join(', ')}`],
  });
}

function slotIdOf({ organizationId, provider }: ChangeOrder): SlotId {
  return { organizationId, provider };
}
