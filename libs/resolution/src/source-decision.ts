import type { FallbackReason, KeySource, UnresolvedReason } from '#libs/contracts';
import type { SlotSnapshot } from '#libs/keystore';

/** The slots that could give a component its key, as they were at one moment. */
export interface CandidateSlots {
  tenant: SlotSnapshot;
  /** The same slot of the organization's agency, if it has one; counts only when shared. */
  parent?: SlotSnapshot | undefined;
  platform?: SlotSnapshot | undefined;
}

/** What the key is wanted for. */
export interface KeyUse {
  /** Null when the provider has no models. */
  model: string | null;
  /** Where the call is handled; undefined when nobody said. */
  region?: string | undefined;
}

export type Decision =
  { source: KeySource; slot: UsableSlot; fallbackReason?: FallbackReason } | { reason: UnresolvedReason };

/** A slot that has a key. */
export type UsableSlot = SlotSnapshot & { current: NonNullable<SlotSnapshot['current']> };

/**
 * Decides whose key a component runs on: the tenant's if it is usable; else, if the slot's policy allows another's,
 * the agency's if it is shared, the platform's, or nobody's and why. Pure: everything that asks this question must ask
 * it here.
 */
export function decideSource({ tenant, parent, platform }: CandidateSlots, use: KeyUse): Decision {
  // A limit that the tenant has set is not got round with somebody else's key.
  const limit = limitOf(tenant, use);
  if (limit) return { reason: limit };
  const problem = keyProblemOf(tenant);
  if (!problem) return { source: 'tenant', slot: tenant as UsableSlot };
  if (!mayUseOthers(tenant)) return { reason: problem };
  if (parent?.shared && !problemOf(parent, use)) {
    return { source: 'inherited', slot: parent as UsableSlot, fallbackReason: problem };
  }
  if (platform && !problemOf(platform, use)) {
    return { source: 'platform', slot: platform as UsableSlot, fallbackReason: problem };
  }
  return { reason: problem === 'no_key' ? 'no_platform_key' : problem };
}

/** Whether the key cannot be used and the slot's policy lets somebody else's take its place. */
export function mayUseOthers(tenant: SlotSnapshot): boolean {
  const problem = keyProblemOf(tenant);
  if (!problem) return false;
  return tenant.fallback === 'when_unusable' || (tenant.fallback === 'when_missing' && problem === 'no_key');
}

function problemOf(slot: SlotSnapshot, use: KeyUse): UnresolvedReason | undefined {
  return keyProblemOf(slot) ?? limitOf(slot, use);
}

function keyProblemOf(slot: SlotSnapshot): FallbackReason | undefined {
  if (slot.state === 'empty') return 'no_key';
  if (slot.state !== 'active') return slot.state;
  return slot.expired ? 'expired' : undefined;
}

function limitOf({ allowedModels, region }: SlotSnapshot, use: KeyUse): UnresolvedReason | undefined {
  if (allowedModels && use.model !== null && !allowedModels.includes(use.model)) return 'model_not_allowed';
  return region && use.region && region !== use.region ? 'region_mismatch' : undefined;
}
