import type { FallbackPolicy, SlotSnapshot } from '#libs/keystore';
import { decideSource, type CandidateSlots, type KeyUse } from '#libs/resolution';

/** What a call gets from a slot when the organization's own key is not there. */
export const withoutKeyOutcomes = ['inherited', 'platform', 'no_platform_key', 'unresolved'] as const;
export type WithoutKey = (typeof withoutKeyOutcomes)[number];

/** What else decides what a call gets from a slot. */
export interface SlotSurroundings {
  defaultFallback: FallbackPolicy;
  /** Whether the organization's agency has a key in this slot and shares it. */
  agencyShares: boolean;
  platformHasKey: boolean;
}

/** What becomes of calls without the own key, or with it if it cannot be used as it stands. */
export function withoutKeyOf(
  slot: Pick<SlotSnapshot, 'state' | 'expired' | 'fallback'>,
  around: SlotSurroundings,
): WithoutKey {
  const candidates = {
    tenant: snapshotOf(slot),
    parent: around.agencyShares ? keyed() : undefined,
    platform: around.platformHasKey ? keyed() : undefined,
  };
  return withoutOwnKey(candidates, { model: null });
}

/** The same for one use of the key, by all slots that could serve it. */
export function withoutOwnKey({ tenant, ...others }: CandidateSlots, use: KeyUse): WithoutKey {
  const isUsable = tenant.state === 'active' && !tenant.expired;
  const decision = decideSource({ tenant: isUsable ? { ...tenant, state: 'empty' } : tenant, ...others }, use);
  if ('source' in decision) return decision.source === 'inherited' ? 'inherited' : 'platform';
  return decision.reason === 'no_platform_key' ? 'no_platform_key' : 'unresolved';
}

/** A slot of somebody else that has a key and shares it. */
function keyed(): SlotSnapshot {
  return { ...snapshotOf({ state: 'active', expired: false, fallback: 'never' }), shared: true };
}

function snapshotOf(slot: Pick<SlotSnapshot, 'state' | 'expired' | 'fallback'>): SlotSnapshot {
  return { organizationId: '', provider: '', epoch: 0, shared: false, ...slot };
}
