import type { SlotOverview, VersionState } from '#libs/keystore';
import type { VersionRow } from './key-answers.schema.js';

/** The rows of all versions of a slot, newest first. */
export function versionRowsOf(overview: SlotOverview | undefined, now: Date): VersionRow[] {
  return (overview?.versions ?? []).map((version) => {
    const isCurrent = version.version === overview?.slot.currentVersion;
    return {
      version: version.version,
      secret_id: version.secretId,
      state: stateOf(version, now),
      retires_at: version.retiresAt?.toISOString() ?? null,
      hint: version.hint,
      fingerprint: version.fingerprint.toString('hex'),
      created_at: version.createdAt.toISOString(),
      created_by: version.createdBy,
      live_calls: version.liveCalls,
      safe_to_delete: !isCurrent && version.liveCalls === 0,
      advice: adviceOf(version, isCurrent),
    };
  });
}

type Version = SlotOverview['versions'][number];

function stateOf({ state, retiresAt }: Version, now: Date): VersionState {
  return state === 'retiring' && retiresAt && retiresAt <= now ? 'retired' : state;
}

function adviceOf({ version, liveCalls }: Version, isCurrent: boolean): string {
  const calls = `${liveCalls} live ${liveCalls === 1 ? 'call' : 'calls'} on version ${version}`;
  if (isCurrent) return `${calls}: it is the current version, new calls get it`;
  return liveCalls === 0
    ? `${calls}: safe to delete it at the provider`
    : `${calls}: wait before you delete it at the provider`;
}
