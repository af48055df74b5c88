import type { KeySource, UnresolvedReason } from '#libs/contracts';
import type { SlotSnapshot } from './slot-snapshot.store.js';

export type Decision =
  | { source: KeySource; slot: SlotSnapshot & { current: NonNullable<SlotSnapshot['current']> } }
  | { reason: UnresolvedReason };

/**
 * Decides whose key a component runs on: the tenant's if it is usable, else the platform's if the slot's policy
 * allows it, else nobody's and why. Pure: everything that asks this question must ask it here.
 */
export function decideSource(tenant: SlotSnapshot, platform: SlotSnapshot | undefined): Decision {
  const problem = problemOf(tenant);
  if (!problem) return { source: 'tenant', slot: usable(tenant) };
  const platformAllowed =
    tenant.fallback === 'when_unusable' || (tenant.fallback === 'when_missing' && problem === 'no_key');
  if (!platformAllowed) return { reason: problem };
  if (platform && !problemOf(platform)) return { source: 'platform', slot: usable(platform) };
  return { reason: problem === 'no_key' ? 'no_platform_key' : problem };
}

function problemOf(slot: SlotSnapshot): UnresolvedReason | undefined {
  if (slot.state === 'empty') return 'no_key';
  if (slot.state !== 'active') return slot.state;
  return slot.expired ? 'expired' : undefined;
}

function usable(slot: SlotSnapshot): SlotSnapshot & { current: NonNullable<SlotSnapshot['current']> } {
  return slot as SlotSnapshot & { current: NonNullable<SlotSnapshot['current']> };
}
