import type { ConfigDraft, OrganizationDraft, SlotDraft } from './whose-key.draft.js';

/** Everybody whose key a call might get, as drawn. */
export interface Parties {
  own: OrganizationDraft;
  agency: OrganizationDraft;
  /** The slots in which the platform has a key that works, without limits. */
  platform: readonly string[];
}

interface Need {
  component: string;
  /** Undefined when nobody knows the provider. */
  slot: string | undefined;
  model: string | null;
}

/**
 * What a call must get, `component: outcome` for each, told a second time in the words of ADR 0010 from nothing but what
 * was drawn: none of the code that decides is in here.
 */
export function expectedOutcomes(parties: Parties, config: ConfigDraft, region: string | undefined): string[] {
  return needsOf(config).map((need) => `${need.component}: ${outcomeOf(parties, need, region)}`);
}

function outcomeOf({ own, agency, platform }: Parties, need: Need, region: string | undefined): string {
  if (need.slot === undefined) return 'unknown_provider';
  const mine = slotOf(own, need.slot);
  const limit = limitOf(mine, need, region);
  if (limit) return limit;
  const problem = problemOf(mine);
  if (!problem) return 'tenant';
  const fallback = mine.policy.fallback ?? own.defaultFallback ?? 'when_missing';
  if (fallback === 'never' || (fallback === 'when_missing' && problem !== 'no_key')) return problem;
  const theirs = slotOf(agency, need.slot);
  if (theirs.policy.shared && !problemOf(theirs) && !limitOf(theirs, need, region)) return `inherited for ${problem}`;
  if (platform.includes(need.slot)) return `platform for ${problem}`;
  return problem === 'no_key' ? 'no_platform_key' : problem;
}

function slotOf(organization: OrganizationDraft, slot: string): SlotDraft {
  return organization.slots.find((drawn) => drawn.slot === slot) ?? { slot, key: 'none', policy: {} };
}

function problemOf({ key, policy }: SlotDraft): string | undefined {
  if (key === 'none' || key === 'removed') return 'no_key';
  if (key === 'revoked' || key === 'quarantined') return key;
  return policy.expires_at?.startsWith('2020') ? 'expired' : undefined;
}

function limitOf({ policy }: SlotDraft, { model }: Need, region: string | undefined): string | undefined {
  if (policy.allowed_models && model !== null && !policy.allowed_models.includes(model)) return 'model_not_allowed';
  return policy.region && region && policy.region !== region ? 'region_mismatch' : undefined;
}

/** Of the default models only `gpt-5.4` can be allowed here, and xai's tts and resend have none. */
function needsOf({ stt_config: stt, llm_config: llm, tts_config: tts, analysis_plan: plan }: ConfigDraft): Need[] {
  const isRealtime = llm?.['provider'] === 'openai_live';
  const needs: Need[] = [];
  if (stt && !isRealtime) needs.push({ component: 'stt', slot: slotNamed(stt), model: 'another' });
  if (llm) needs.push({ component: 'llm', slot: slotNamed(llm), model: modelOf(llm) });
  if (tts && !isRealtime) {
    needs.push({ component: 'tts', slot: slotNamed(tts), model: tts['provider'] === 'xai' ? null : 'another' });
  }
  if (plan && isRealtime) needs.push({ component: 'postcall_stt', slot: 'elevenlabs', model: 'another' });
  if (plan) needs.push({ component: 'postcall_llm', slot: 'openai', model: 'another' });
  if (plan?.['email']) needs.push({ component: 'email', slot: 'resend', model: null });
  return needs;
}

function slotNamed({ provider }: Record<string, unknown>): string | undefined {
  if (provider === 'nobody') return undefined;
  return provider === 'openai_live' ? 'openai' : String(provider);
}

function modelOf({ provider }: Record<string, unknown>): string {
  return provider === 'openai' ? 'gpt-5.4' : 'another';
}
