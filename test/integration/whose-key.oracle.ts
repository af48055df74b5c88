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

/** No section names a model. */
const defaultModels: Record<string, string | null> = {
  'stt deepgram': 'nova-3',
  'stt elevenlabs': 'scribe_v2_realtime',
  'llm openai': 'gpt-5.4',
  'llm xai': 'grok-4.3',
  'llm openai_live': 'gpt-live-1',
  'tts elevenlabs': 'eleven_flash_v2_5',
  'tts xai': null,
  'postcall_stt elevenlabs': 'scribe_v2',
  'postcall_llm openai': 'gpt-5.4-mini',
  'email resend': null,
};

function needsOf({ stt_config: stt, llm_config: llm, tts_config: tts, analysis_plan: plan }: ConfigDraft): Need[] {
  const isRealtime = llm?.['provider'] === 'openai_live';
  return [
    ...(stt && !isRealtime ? [needFor('stt', stt['provider'])] : []),
    ...(llm ? [needFor('llm', llm['provider'])] : []),
    ...(tts && !isRealtime ? [needFor('tts', tts['provider'])] : []),
    ...(plan && isRealtime ? [needFor('postcall_stt', 'elevenlabs')] : []),
    ...(plan ? [needFor('postcall_llm', 'openai')] : []),
    ...(plan?.['email'] ? [needFor('email', 'resend')] : []),
  ];
}

function needFor(component: string, provider: unknown): Need {
  if (provider === 'nobody') return { component, slot: undefined, model: null };
  const slot = provider === 'openai_live' ? 'openai' : String(provider);
  return { component, slot, model: defaultModels[`${component} ${String(provider)}`] ?? null };
}
