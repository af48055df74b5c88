import { describe, expect, it } from '@jest/globals';
import type { CallConfig } from '#libs/contracts';
import { Catalogue } from './index.js';

interface ProviderFact {
  component: string;
  provider: string;
  aliases?: string[];
  /** Where a model without one of its own lives. */
  slot: string;
  /** Model and slot, the default model first. */
  models: [string, string][];
  voices?: { known: string[]; default?: string; free_text: boolean };
  realtime?: boolean;
}

const on = (slot: string, models: string): [string, string][] => models.split(' ').map((model) => [model, slot]);
const anyVoice = { known: [], free_text: true };

/** The catalogue of the HTTP contract, written down a second time by hand. */
const providerFacts: ProviderFact[] = [
  {
    component: 'llm',
    provider: 'openai',
    slot: 'openai',
    models: on(
      'openai',
      'gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.2 gpt-5.1 gpt-5 gpt-5-mini gpt-5-nano gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-5.6-luna gpt-5.6-terra gpt-5.6-sol gpt-4o-mini gpt-4o',
    ),
  },
  {
    component: 'llm',
    provider: 'openai_live',
    slot: 'openai',
    models: on('openai', 'gpt-live-1'),
    voices: { known: ['marin', 'beacon', 'cinder', 'stone', 'vesper'], free_text: false },
    realtime: true,
  },
  { component: 'llm', provider: 'xai', slot: 'xai', models: on('xai', 'grok-4.3') },
  {
    component: 'llm',
    provider: 'xai_realtime',
    slot: 'xai',
    models: on('xai', 'grok-voice-think-fast-2.0'),
    voices: { known: ['ara', 'eve', 'leo', 'rex', 'sal'], free_text: true },
    realtime: true,
  },
  {
    component: 'llm',
    provider: 'mistral',
    slot: 'mistral',
    models: on(
      'mistral',
      'mistral-medium-latest mistral-small-latest mistral-large-latest ministral-8b-latest ministral-14b-latest ministral-3b-latest',
    ),
  },
  {
    component: 'llm',
    provider: 'google',
    slot: 'google_vertex',
    models: on('google_vertex', 'gemini-3.5-flash-lite gemini-3.5-flash gemini-2.5-flash-lite gemini-2.5-flash'),
  },
  {
    component: 'llm',
    provider: 'google_realtime',
    slot: 'google_vertex',
    models: [
      ...on('google_vertex', 'gemini-live-2.5-flash-native-audio'),
      ...on('google', 'gemini-3.1-flash-live-preview gemini-3.8-live gemini-2.5-flash-native-audio-preview-12-2025'),
    ],
    realtime: true,
  },
  { component: 'stt', provider: 'deepgram', slot: 'deepgram', models: on('deepgram', 'nova-3 nova-3-general') },
  { component: 'stt', provider: 'elevenlabs', slot: 'elevenlabs', models: on('elevenlabs', 'scribe_v2_realtime') },
  { component: 'stt', provider: 'gladia', slot: 'gladia', models: on('gladia', 'solaria-1') },
  { component: 'stt', provider: 'mistral', slot: 'mistral', models: on('mistral', 'voxtral-mini-latest') },
  { component: 'stt', provider: 'google', slot: 'google_vertex', models: on('google_vertex', 'chirp_3') },
  {
    component: 'tts',
    provider: 'elevenlabs',
    aliases: ['11labs'],
    slot: 'elevenlabs',
    models: on(
      'elevenlabs',
      'eleven_flash_v2_5 eleven_v4_turbo eleven_v4 eleven_v3 eleven_multilingual_v2 eleven_turbo_v2_5',
    ),
    voices: anyVoice,
  },
  {
    component: 'tts',
    provider: 'inworld',
    slot: 'inworld',
    models: on('inworld', 'inworld-tts-2 inworld-tts-2-flash inworld-tts-1.5-max inworld-tts-1.5-mini'),
    voices: anyVoice,
  },
  {
    component: 'tts',
    provider: 'google',
    slot: 'google',
    models: [
      ...on('google', 'gemini-3.1-flash-tts-preview gemini-2.5-flash-preview-tts gemini-2.5-pro-preview-tts'),
      ...on('google_vertex', 'chirp-3-hd'),
    ],
  },
  {
    component: 'tts',
    provider: 'xai',
    slot: 'xai',
    models: [],
    voices: { known: ['ara'], default: 'ara', free_text: true },
  },
  { component: 'postcall_stt', provider: 'elevenlabs', slot: 'elevenlabs', models: on('elevenlabs', 'scribe_v2') },
  { component: 'postcall_stt', provider: 'deepgram', slot: 'deepgram', models: on('deepgram', 'nova-3') },
  { component: 'postcall_llm', provider: 'openai', slot: 'openai', models: on('openai', 'gpt-5.4-mini') },
  { component: 'postcall_llm', provider: 'xai', slot: 'xai', models: on('xai', 'grok-4.3') },
  { component: 'postcall_llm', provider: 'mistral', slot: 'mistral', models: on('mistral', 'mistral-medium-latest') },
  {
    component: 'postcall_llm',
    provider: 'google',
    slot: 'google_vertex',
    models: on('google_vertex', 'gemini-2.5-flash-lite'),
  },
  { component: 'email', provider: 'resend', slot: 'resend', models: [] },
];

const catalogue = Catalogue.load();
const needed = (component: string, provider: string, slot: string, model: string | null): object => ({
  kind: 'needed',
  component,
  provider,
  slot,
  model,
});

describe('the built-in catalogue', () => {
  it('has exactly the slots of the contract, each with a name and a place to read about keys', () => {
    expect(catalogue.slots.map((slot) => slot.id)).toEqual(
      'deepgram openai elevenlabs inworld resend xai gladia mistral google google_vertex'.split(' '),
    );
    expect(catalogue.hasSlot('google_vertex')).toBe(true);
    expect(catalogue.hasSlot('openai_live')).toBe(false);
    expect(catalogue.hasSlot('constructor')).toBe(false);
  });

  it('offers exactly what the contract lists', () => {
    const offered = catalogue.offerings.map(({ component, provider, slot, models, realtime, aliases, voices }) => [
      component,
      provider,
      realtime ?? false,
      aliases ?? [],
      models.map((model) => `${model.id}@${model.slot ?? slot}${model.default ? '*' : ''}`),
      voices ?? null,
    ]);
    expect(offered).toEqual(
      providerFacts.map((fact) => [
        fact.component,
        fact.provider,
        fact.realtime ?? false,
        fact.aliases ?? [],
        fact.models.map(([id, slot], index) => `${id}@${slot}${index === 0 ? '*' : ''}`),
        fact.voices ?? null,
      ]),
    );
  });

  it('knows how keys of OpenAI, Resend and xAI start', () => {
    const prefixes = catalogue.slots.filter((slot) => slot.key_prefix).map((slot) => [slot.id, slot.key_prefix]);
    expect(prefixes).toEqual([
      ['openai', 'sk-'],
      ['resend', 're_'],
      ['xai', 'xai-'],
    ]);
  });
});

const inCall = providerFacts.filter(({ component }) => ['stt', 'llm', 'tts'].includes(component));
const rows = inCall.flatMap(({ component, provider, models, slot }) =>
  (models.length > 0 ? models : [[null, slot] as const]).map(([model, modelSlot]) => ({
    component,
    provider,
    model,
    slot: modelSlot,
  })),
);

describe('every row of the contract', () => {
  it.each(rows)('$component $provider $model runs on the key in $slot', ({ component, provider, model, slot }) => {
    const config: CallConfig = { [`${component}_config`]: { provider, ...(model && { model }) } };
    expect(catalogue.needsOf(config)).toEqual([needed(component, provider, slot, model)]);
  });

  it.each(inCall)(
    '$component $provider without a model gets the default one',
    ({ component, provider, models, slot }) => {
      const [model, modelSlot] = models[0] ?? [null, slot];
      expect(catalogue.needsOf({ [`${component}_config`]: { provider } })).toEqual([
        needed(component, provider, modelSlot, model),
      ]);
    },
  );

  it.each(providerFacts.filter(({ component }) => component.startsWith('postcall')))(
    '$component $provider runs on the key of its slot',
    ({ component, provider, models }) => {
      const [model, slot] = models[0]!;
      const analysis_plan = { [component.slice('postcall_'.length)]: { provider } };
      const config: CallConfig = { llm_config: { provider: 'openai_live' }, analysis_plan };
      expect(catalogue.needsOf(config)).toContainEqual(needed(component, provider, slot, model));
    },
  );
});
