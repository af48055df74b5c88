import type { CapabilityVerdict, Verdict } from '#libs/catalogue';

export { capabilityVerdicts, verdicts, type CapabilityVerdict, type Verdict } from '#libs/catalogue';

/** The outcome of one probe; nothing in it can be used to find the key. */
export interface KeyVerdict {
  verdict: Verdict;
  /** By component of the catalogue (`stt`, `llm`, …): for those that the slot serves. */
  capabilities: Record<string, CapabilityVerdict>;
  /** Of a limited key: what the provider says is missing, in its own words. */
  missingPermissions?: string[];
  /** Of `rate_limited`: seconds after which to ask again. */
  retryAfterSeconds?: number;
  /** One short sentence for people. */
  detail?: string;
}

/** Whether the verdict leaves open what the key is good for. */
export function isUncertain({ verdict }: { verdict: string }): boolean {
  return verdict === 'unreachable' || verdict === 'rate_limited' || verdict === 'unverified';
}

/** Whether the verdict means that the key cannot be used, whatever is tried. */
export function isDefinitelyBad({ verdict }: { verdict: string }): boolean {
  return verdict === 'invalid' || verdict === 'blocked';
}
