import type { RecordedVerdict } from '#libs/keystore';
import type { VerdictRow } from './key-answers.schema.js';

/** What people are told of a verdict. */
export function verdictRowOf({ verdict, capabilities, missingPermissions, detail }: RecordedVerdict): VerdictRow {
  return {
    // Only we write them, in these words.
    verdict: verdict as VerdictRow['verdict'],
    capabilities: capabilities as VerdictRow['capabilities'],
    missing_permissions: missingPermissions ?? [],
    detail: detail ?? null,
  };
}
