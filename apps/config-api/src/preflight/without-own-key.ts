import { decideSource, type CandidateSlots, type KeyUse } from '#libs/resolution';
import type { WithoutKey } from '../byok/without-key.js';

/** What the call would get if its organization had no key of its own, or of one that cannot be used as it stands. */
export function withoutOwnKey({ tenant, ...others }: CandidateSlots, use: KeyUse): WithoutKey {
  const isUsable = tenant.state === 'active' && !tenant.expired;
  const decision = decideSource({ tenant: isUsable ? { ...tenant, state: 'empty' } : tenant, ...others }, use);
  if ('source' in decision) return decision.source === 'inherited' ? 'inherited' : 'platform';
  return decision.reason === 'no_platform_key' ? 'no_platform_key' : 'unresolved';
}
