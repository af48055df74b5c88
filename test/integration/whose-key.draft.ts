import fc from 'fast-check';

const keyHistories = ['none', 'stored', 'rotated', 'revoked', 'removed', 'quarantined'] as const;

/** What became of one slot, and its policy; without a policy none was ever set. */
export interface SlotDraft {
  slot: string;
  key: (typeof keyHistories)[number];
  policy: {
    fallback?: string | null;
    expires_at?: string | null;
    allowed_models?: readonly string[] | null;
    region?: string | null;
    shared?: boolean;
  };
}

export interface OrganizationDraft {
  defaultFallback: string | null;
  slots: SlotDraft[];
}

/** Sections that name nothing but their provider. */
export type ConfigDraft = Record<string, Record<string, unknown> | null>;

export interface CallDraft {
  /** Stored before the call, which then names it. */
  assistant: ConfigDraft | null;
  config: ConfigDraft;
  region?: string;
}

/** Models that a slot may allow: one that some component asks for by default, and one that none does. */
const modelsOf: Record<string, [string, string]> = {
  deepgram: ['nova-3', 'nova-3-general'],
  openai: ['gpt-5.4', 'gpt-4.1'],
  elevenlabs: ['scribe_v2_realtime', 'eleven_v3'],
  xai: ['grok-4.3', 'grok-voice-think-fast-2.0'],
};

/** Limits are rare: what they forbid shows nothing else. */
const policyFields = {
  fallback: fc.constantFrom('never', 'when_missing', 'when_unusable', null),
  expires_at: fc.constantFrom('2020-01-01T00:00:00Z', '2099-01-01T00:00:00Z', null),
  region: fc.constantFrom('eu', null, null, null),
  shared: fc.constantFrom(true, true, false),
};

/** An organization; an agency has a key in most slots, and every slot says whether it is shared. */
export function organizationDraft(role: 'agency' | 'child'): fc.Arbitrary<OrganizationDraft> {
  const isAgency = role === 'agency';
  const key = fc.constantFrom(...keyHistories, ...(isAgency ? (['stored', 'stored'] as const) : []));
  const requiredKeys: 'shared'[] = isAgency ? ['shared'] : [];
  const slots = Object.entries(modelsOf).map(([slot, models]) => {
    const allowed_models = fc.constantFrom(...models.map((model) => [model]), null, null, null, null, null);
    return fc.record({
      slot: fc.constant(slot),
      key,
      policy: fc.record({ ...policyFields, allowed_models }, { requiredKeys }),
    });
  });
  return fc.record({
    defaultFallback: fc.constantFrom(null, 'never', 'when_missing', 'when_unusable'),
    slots: fc.tuple(...slots),
  });
}

/** A configuration; unknown providers are not for assistants, which are checked when they are stored. */
function configDraft(...unknown: string[]): fc.Arbitrary<ConfigDraft> {
  return fc.record(
    {
      stt_config: section('deepgram', 'elevenlabs', ...unknown),
      llm_config: section('openai', 'xai', 'openai_live', ...unknown),
      tts_config: section('elevenlabs', 'xai'),
      analysis_plan: fc.constantFrom({}, { email: 'a@example.com' }),
    },
    { requiredKeys: [] },
  );
}

export const callDraft: fc.Arbitrary<CallDraft> = fc.record(
  {
    assistant: fc.option(configDraft()),
    config: configDraft('nobody'),
    region: fc.constantFrom('eu', 'us'),
  },
  { requiredKeys: ['assistant', 'config'] },
);

function section(...providers: string[]): fc.Arbitrary<Record<string, unknown> | null> {
  return fc.constantFrom(null, ...providers.map((provider) => ({ provider })));
}

const works = { provider: 'openai' };

/** Drawn before all others: every kind of outcome is among them. */
export const firstDrafts: [own: OrganizationDraft, agency: OrganizationDraft, CallDraft[]][] = [
  [
    {
      defaultFallback: null,
      slots: [
        { slot: 'elevenlabs', key: 'quarantined', policy: {} },
        { slot: 'xai', key: 'stored', policy: { expires_at: '2020-01-01T00:00:00Z' } },
      ],
    },
    {
      defaultFallback: 'never',
      slots: [
        { slot: 'openai', key: 'stored', policy: { shared: true } },
        { slot: 'deepgram', key: 'stored', policy: { shared: false } },
      ],
    },
    [
      { assistant: null, config: { stt_config: { provider: 'deepgram' }, llm_config: works } },
      { assistant: { llm_config: { provider: 'xai' } }, config: { tts_config: { provider: 'elevenlabs' } } },
    ],
  ],
  [
    { defaultFallback: 'never', slots: [{ slot: 'openai', key: 'rotated', policy: {} }] },
    { defaultFallback: null, slots: [] },
    [
      { assistant: { llm_config: works }, config: {} },
      { assistant: { stt_config: { provider: 'deepgram' }, llm_config: works }, config: { llm_config: null } },
    ],
  ],
];
