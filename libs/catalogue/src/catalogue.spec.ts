import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CallConfig, componentNames } from '#libs/contracts';
import { Catalogue } from './index.js';

const catalogue = Catalogue.load();
const needed = (component: string, provider: string, slot: string, model: string | null): object => ({
  kind: 'needed',
  component,
  provider,
  slot,
  model,
});

describe('needs of a call', () => {
  it('come in the order of the call and leave out sections that are absent or null', () => {
    const config = {
      tts_config: { provider: 'elevenlabs' },
      llm_config: { provider: 'openai', model: 'gpt-4o' },
      stt_config: { provider: 'deepgram' },
      analysis_plan: null,
    };
    expect(catalogue.needsOf(config).map((need) => need.component)).toEqual(['stt', 'llm', 'tts']);
    expect(catalogue.needsOf({ ...config, stt_config: null, tts_config: undefined })).toHaveLength(1);
    expect(catalogue.needsOf({})).toEqual([]);
  });

  it('resolve the alias of ElevenLabs for tts only', () => {
    expect(catalogue.needsOf({ tts_config: { provider: '11labs' } })).toEqual([
      needed('tts', 'elevenlabs', 'elevenlabs', 'eleven_flash_v2_5'),
    ]);
    expect(catalogue.needsOf({ stt_config: { provider: '11labs' } })).toMatchObject([{ reason: 'unknown_provider' }]);
  });

  it('keep an unknown model of a known provider as given', () => {
    expect(catalogue.needsOf({ llm_config: { provider: 'openai', model: 'gpt-99' } })).toEqual([
      needed('llm', 'openai', 'openai', 'gpt-99'),
    ]);
    expect(catalogue.needsOf({ tts_config: { provider: 'google', model: 'new' } })).toEqual([
      needed('tts', 'google', 'google', 'new'),
    ]);
  });

  it.each([
    ['a provider nobody knows', { provider: 'acme' }, 'acme'],
    ['a provider that exists for another component only', { provider: 'deepgram' }, 'deepgram'],
    ['a provider named like a property of every object', { provider: '__proto__' }, '__proto__'],
    ['no provider', { model: 'gpt-5' }, null],
    ['an empty provider', { provider: '' }, null],
    ['a provider that is no string', { provider: { id: 'openai' } }, null],
    ['an endless provider', { provider: 'x'.repeat(65) }, null],
    ['what may be a key in the wrong field', { provider: '0123456789abcdef0123456789abcdef' }, null],
    ['a section that is no object', ['openai'], null],
  ])('%s is an unknown provider', (_, section, provider) => {
    const config = { llm_config: section } as CallConfig;
    expect(catalogue.needsOf(config)).toEqual([
      { kind: 'unknown', component: 'llm', provider, reason: 'unknown_provider' },
    ]);
  });

  it.each(['openai_live', 'xai_realtime', 'google_realtime'])('%s needs no stt and no tts', (provider) => {
    const config = {
      stt_config: { provider: 'deepgram' },
      llm_config: { provider },
      tts_config: { provider: 'acme' },
    };
    expect(catalogue.needsOf(config).map((need) => need.component)).toEqual(['llm']);
  });
});

describe('needs after a call', () => {
  const postCall = (analysis_plan: object, provider = 'openai'): unknown[] =>
    catalogue.needsOf({ llm_config: { provider }, analysis_plan } as CallConfig).slice(1);
  const defaultLlm = needed('postcall_llm', 'openai', 'openai', 'gpt-5.4-mini');

  it('are an llm for every assistant with an analysis plan, and an stt for realtime ones', () => {
    expect(postCall({})).toEqual([defaultLlm]);
    expect(postCall({ enabled: true }, 'openai_live')).toEqual([
      needed('postcall_stt', 'elevenlabs', 'elevenlabs', 'scribe_v2'),
      defaultLlm,
    ]);
  });

  it('are none when the analysis plan is off or is no object', () => {
    expect(postCall({ enabled: false, email: 'a@example.com' }, 'openai_live')).toEqual([]);
    expect(postCall(['on'])).toEqual([]);
  });

  it('read the provider of the plan itself when it has no llm section', () => {
    expect(postCall({ provider: 'xai' })).toEqual([needed('postcall_llm', 'xai', 'xai', 'grok-4.3')]);
    expect(postCall({ provider: 'xai', llm: { provider: null, model: 'm' } })).toEqual([
      needed('postcall_llm', 'openai', 'openai', 'm'),
    ]);
  });

  it('name an unknown provider instead of falling back to the default one', () => {
    expect(postCall({ llm: { provider: 'acme' } })).toMatchObject([{ kind: 'unknown', provider: 'acme' }]);
    expect(postCall({ llm: 'openai' })).toMatchObject([{ kind: 'unknown', provider: null }]);
  });

  it.each([
    { email: 'a@example.com' },
    { email: true },
    { email: { to: 'a@example.com' } },
    { email_recipients: ['a@example.com'] },
  ])('include the mail provider for %j', (plan) => {
    expect(postCall(plan)).toEqual([defaultLlm, needed('email', 'resend', 'resend', null)]);
  });

  it.each([
    { email: '' },
    { email: {} },
    { email: { enabled: false, to: 'a' } },
    { email_recipients: [] },
    { email: 7 },
  ])('do not include the mail provider for %j', (plan) => expect(postCall(plan)).toEqual([defaultLlm]));
});

describe('needs of anything', () => {
  const providerLike = fc.oneof(fc.jsonValue(), fc.constantFrom('openai', 'openai_live', '11labs', 'google'));
  const section = fc.oneof(
    fc.jsonValue(),
    fc.record({ provider: providerLike, model: fc.jsonValue() }, { requiredKeys: [] }),
  );
  const plan = fc.oneof(
    fc.jsonValue(),
    fc.record(
      { enabled: fc.jsonValue(), llm: section, stt: section, email: fc.jsonValue(), provider: providerLike },
      { requiredKeys: [] },
    ),
  );
  const config = fc.oneof(
    fc.jsonValue(),
    fc.record(
      { stt_config: section, llm_config: section, tts_config: section, analysis_plan: plan },
      { requiredKeys: [] },
    ),
  );

  it('are found without throwing, every component once, every slot a real one', () => {
    fc.assert(
      fc.property(config, (json) => {
        const needs = catalogue.needsOf(json as CallConfig);
        const components = needs.map((need) => need.component);
        expect(new Set(components).size).toBe(components.length);
        expect(componentNames).toEqual(expect.arrayContaining(components));
        for (const need of needs) expect(need.kind === 'unknown' || catalogue.hasSlot(need.slot)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a catalogue', () => {
  const slot = { id: 's', name: 'S', category: 'llm', docsUrl: 'https://example.com' };
  const offering = (component: string, more: object = {}): object => ({
    component,
    provider: 'p',
    name: 'P',
    slot: 's',
    models: [],
    ...(['postcall_stt', 'postcall_llm', 'email'].includes(component) && { default: true }),
    ...more,
  });
  const offeringsWith = (more: object): object[] =>
    componentNames.map((component) => offering(component, component === 'llm' ? more : {}));
  const problemsOf = (json: unknown): string[] => {
    try {
      Catalogue.parse(json);
      return [];
    } catch (error) {
      return (error as Error).message.split('\n').slice(1);
    }
  };

  it('that fits together is accepted', () => {
    const json = { slots: [slot], offerings: offeringsWith({ models: [{ id: 'm', name: 'M', default: true }] }) };
    expect(problemsOf(json)).toEqual([]);
  });

  it('of the wrong shape is refused with every problem and its path', () => {
    const json = { slots: [{ ...slot, docsUrl: 'http://example.com' }], offerings: [offering('fax')], more: 1 };
    expect(problemsOf(json)).toEqual([
      expect.stringMatching(/^slots\[0\]\.docsUrl: /),
      expect.stringMatching(/^offerings\[0\]\.component: /),
      'more: is not a known field',
    ]);
    expect(problemsOf(null)).toEqual([expect.stringMatching(/^\(top\): /)]);
  });

  it('whose parts contradict each other is refused with every problem and its path', () => {
    const json = {
      slots: [slot, slot],
      offerings: [
        ...offeringsWith({
          slot: 'gone',
          default: true,
          models: [
            { id: 'm', name: 'M' },
            { id: 'm', name: 'M', slot: 'gone' },
          ],
          voices: { known: ['a'], default: 'b', free_text: true },
        }),
        offering('tts', { provider: 'q', aliases: ['p'], realtime: true }),
        offering('email', { provider: 'q' }),
      ],
    };
    expect(problemsOf(json)).toEqual([
      'slots[1].id: "s" is already taken by slots[0].id',
      'offerings[6].aliases[0]: "tts p" is already taken by offerings[2].provider',
      'offerings[1].models[1].id: "m" is already taken by offerings[1].models[0].id',
      'offerings[1].slot: no slot is called "gone"',
      'offerings[1].models[1].slot: no slot is called "gone"',
      'offerings[1].models: exactly one must be the default, not 0',
      'offerings[1].voices.default: "b" is not among the known voices',
      'offerings[6].realtime: only an llm is realtime',
      'offerings: llm must have 0 default provider, not 1',
      'offerings: email must have 1 default provider, not 2',
    ]);
  });

  it('without an offering for some component is refused', () => {
    expect(problemsOf({ slots: [slot], offerings: [offering('llm')] })).toContain('offerings: nobody offers tts');
  });
});
