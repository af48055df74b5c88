import type { SlotOverview } from '#libs/keystore';
import type { KeyRow, ValidatedRow } from './key-answers.schema.js';
import { withoutKeyOf, type SlotSurroundings } from './without-key.js';
import { verdictRowOf } from './verdict-row.js';

/** The row of a slot as it is now; a slot that was never written has one too. */
export function keyRowOf(
  provider: string,
  overview: SlotOverview | undefined,
  around: SlotSurroundings,
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
    last_used: overview?.lastUsedAt?.toISOString() ?? null,
    last_validated: validatedOf(current),
    last_failure: current?.failedAt?.toISOString() ?? null,
    fallback: slot?.fallback ?? around.defaultFallback,
    allowed_models: slot?.allowedModels ?? null,
    region: slot?.region ?? null,
    shared: slot?.shared ?? false,
    without_key: withoutKeyOf(
      {
        state: slot?.state ?? 'empty',
        expired: isExpired(overview, now),
        fallback: slot?.fallback ?? around.defaultFallback,
      },
      around,
    ),
    live_calls_by_version: liveCallsOf(overview),
  };
}

function validatedOf(version: SlotOverview['versions'][number] | undefined): ValidatedRow | null {
  if (!version?.verdict || !version.validatedAt) return null;
  const recorded = { capabilities: {}, ...version.verdictDetail, verdict: version.verdict };
  return { at: version.validatedAt.toISOString(), ...verdictRowOf(recorded) };
}

function stateOf(overview: SlotOverview | undefined, now: Date): KeyRow['state'] {
  if (!overview) return 'empty';
  return isExpired(overview, now) ? 'expired' : overview.slot.state;
}

function isExpired(overview: SlotOverview | undefined, now: Date): boolean {
  const { state, expiresAt } = overview?.slot ?? {};
  return state === 'active' && expiresAt !== null && expiresAt !== undefined && expiresAt <= now;
}

function liveCallsOf(overview: SlotOverview | undefined): KeyRow['live_calls_by_version'] {
  return (overview?.versions ?? [])
    .filter((version) => version.liveCalls > 0 || version.version === overview?.slot.currentVersion)
    .map((version) => ({ version: version.version, secret_id: version.secretId, live_calls: version.liveCalls }));
}
