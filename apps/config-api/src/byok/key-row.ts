import {
  decideSource,
  type FallbackPolicy,
  type SlotOverview,
  type SlotSnapshot,
  type SlotState,
} from '#libs/keystore';

/** One row of `GET /byok/keys`. */
export interface KeyRow {
  provider: string;
  state: SlotState | 'expired';
  secret_id: string | null;
  version: number | null;
  epoch: number;
  hint: string | null;
  /** Keyed hash, hexadecimal: tells whether two keys of the organization are the same. */
  fingerprint: string | null;
  created_at: string | null;
  created_by: string | null;
  expires_at: string | null;
  last_used: null;
  last_validated: null;
  fallback: FallbackPolicy;
  /** What a call gets when the organization's own key is not there (or cannot be used, as now). */
  without_key: 'platform' | 'no_platform_key' | 'unresolved';
  live_calls_by_version: { version: number; secret_id: string; live_calls: number }[];
}

/** The row of a slot as it is now; a slot that was never written has one too. */
export function keyRowOf(
  provider: string,
  overview: SlotOverview | undefined,
  platformHasKey: boolean,
  now: Date,
): KeyRow {
  const slot = overview?.slot;
  const current = overview?.versions.find((version) => version.version === slot?.currentVersion);
  return {
    provider,
    state: stateOf(overview, now),
    secret_id: current?.secretId ?? null,
    version: current?.version ?? null,
    epoch: slot?.epoch ?? 0,
    hint: current?.hint ?? null,
    fingerprint: current?.fingerprint.toString('hex') ?? null,
    created_at: current?.createdAt.toISOString() ?? null,
    created_by: current?.createdBy ?? null,
    expires_at: slot?.expiresAt?.toISOString() ?? null,
    last_used: null,
    last_validated: null,
    fallback: slot?.fallback ?? 'when_missing',
    without_key: withoutKey(provider, overview, platformHasKey, now),
    live_calls_by_version: liveCallsOf(overview),
  };
}

function stateOf(overview: SlotOverview | undefined, now: Date): KeyRow['state'] {
  if (!overview) return 'empty';
  const { state, expiresAt } = overview.slot;
  return state === 'active' && expiresAt && expiresAt <= now ? 'expired' : state;
}

function withoutKey(
  provider: string,
  overview: SlotOverview | undefined,
  platformHasKey: boolean,
  now: Date,
): KeyRow['without_key'] {
  const state = stateOf(overview, now);
  const tenant = snapshotOf(provider, {
    state: state === 'active' ? 'empty' : state === 'expired' ? 'active' : state,
    expired: state === 'expired',
    fallback: overview?.slot.fallback ?? 'when_missing',
  });
  const platform = snapshotOf(provider, {
    state: platformHasKey ? 'active' : 'empty',
    expired: false,
    fallback: 'never',
  });
  const decision = decideSource(tenant, platform);
  if ('source' in decision) return 'platform';
  return decision.reason === 'no_platform_key' ? 'no_platform_key' : 'unresolved';
}

function snapshotOf(provider: string, slot: Pick<SlotSnapshot, 'state' | 'expired' | 'fallback'>): SlotSnapshot {
  return { organizationId: '', provider, epoch: 0, ...slot };
}

function liveCallsOf(overview: SlotOverview | undefined): KeyRow['live_calls_by_version'] {
  return (overview?.versions ?? [])
    .filter((version) => version.liveCalls > 0 || version.version === overview?.slot.currentVersion)
    .map((version) => ({ version: version.version, secret_id: version.secretId, live_calls: version.liveCalls }));
}
