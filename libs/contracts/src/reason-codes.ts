/** Why a component of a call has no key. A normal answer, not an error. */
export const unresolvedReasons = [
  'no_key',
  'revoked',
  'quarantined',
  'expired',
  'sealed',
  'model_not_allowed',
  'region_mismatch',
  'no_platform_key',
  'unknown_provider',
  /** The call named an assistant that the organization does not have. */
  'assistant_not_found',
  /** The call has ended: only its post-call components are resolved any more, and those for a time. */
  'call_ended',
  /** No longer given: events from before assistants could be looked up. */
  'assistant_lookup_unsupported',
] as const;
export type UnresolvedReason = (typeof unresolvedReasons)[number];

/** Why a component runs on another's key than the tenant's own. */
export const fallbackReasons = ['no_key', 'revoked', 'quarantined', 'expired'] as const;
export type FallbackReason = (typeof fallbackReasons)[number];

/** Why a handle is not exchanged for its key. */
export const redeemRefusals = [
  /** Not a handle of ours, its time has passed, its call has ended, or its token is wrong. */
  'unknown_handle',
  'wrong_call',
  'wrong_audience',
  'used_up',
  /** The key was rotated at once, revoked or removed since the handle was issued. */
  'key_changed',
] as const;
export type RedeemRefusal = (typeof redeemRefusals)[number];
