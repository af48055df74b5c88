import { beforeEach, describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import type { CallConfig } from '#libs/contracts';
import type { SlotRef } from '#libs/resolution';
import type { LiveVoiceLibrary, VoiceFound } from '../live-lists/live-voice.library.js';
import { ConfigFindings, type ConfigFinding } from './config-findings.js';
import type { KeylessComponent } from './keyless-call.js';
import { specKey, specSlot, specUndecided } from './spec-components.js';

const tts_config = { provider: 'elevenlabs', voice_id: 'anna' };
const expired = specSlot({ expired: true, fallback: 'when_unusable' });
const others = specSlot({ organizationId: 'other' });

describe('what is found in a configuration', () => {
  let asked: string[];
  let answer: VoiceFound;

  const voices = {
    isEverywhere: (_, voiceId) => voiceId === 'everybodys',
    find: async ({ organizationId, provider }: SlotRef, voiceId) => {
      asked.push(`${organizationId}/${provider}/${voiceId}`);
      return answer;
    },
  } as Pick<LiveVoiceLibrary, 'isEverywhere' | 'find'> as LiveVoiceLibrary;
  const findings = new ConfigFindings(Catalogue.load(), voices);

  beforeEach(() => {
    asked = [];
    answer = { unknown: 'ElevenLabs gave no list.' };
  });

  const find = (config: CallConfig, components: KeylessComponent[] = [], live = true): Promise<ConfigFinding[]> =>
    findings.of({ request: { organizationId: 'org' }, config, assistantMissing: false, components }, live);
  const findVoice = (tts: KeylessComponent, live = true): Promise<ConfigFinding[]> => find({ tts_config }, [tts], live);

  it('a model and a provider that the catalogue does not have stand in the way, with those that it has', async () => {
    const config = { llm_config: { provider: 'xai', model: 'gpt-0' }, stt_config: { provider: 'nobody' } };
    expect(await find(config)).toEqual([
      {
        component: 'stt',
        blocks: true,
        code: 'unknown_provider',
        message:
          'stt_config.provider names no provider of stt. It may be deepgram, elevenlabs, gladia, mistral, google.',
      },
      {
        component: 'llm',
        blocks: true,
        code: 'unknown_model',
        message: 'llm_config.model is not a model of xai for llm. It may be grok-4.3.',
      },
    ]);
  });

  it('a section of a call without its provider is told to stand for the assistant’s whole one', async () => {
    const config = { tts_config: { voice_id: 'anna' } };
    const request = { organizationId: 'org', assistantId: 'a', config };
    const [found] = await findings.of({ request, config, assistantMissing: false, components: [] }, true);
    expect(found?.message).toMatch(
      /^tts_config.provider is required\. .* takes the place of the assistant's whole one\.$/,
    );
  });

  it('the voice of a realtime llm is looked up, of another llm it is not', async () => {
    answer = 'absent';
    const llm = specKey(specSlot({ provider: 'xai' }), { component: 'llm' });
    const realtime = { llm_config: { provider: 'xai_realtime', voice: 'anna' } };
    expect(await find(realtime, [llm])).toMatchObject([{ component: 'llm', code: 'voice_not_found' }]);
    expect(await find({ llm_config: { provider: 'xai', voice: 'anna' } }, [llm])).toEqual([]);
    expect(asked).toEqual(['org/xai/anna']);
  });

  it('an empty voice_id counts as none, and the voice beside it is looked up', async () => {
    answer = 'absent';
    const tts = { provider: 'elevenlabs', voice_id: '', voice: 'anna' };
    expect(await find({ tts_config: tts }, [specKey(specSlot())])).toMatchObject([{ code: 'voice_not_found' }]);
  });

  it('nothing is said of a voice where the provider lists none', async () => {
    answer = 'unlisted';
    expect(await findVoice(specKey(specSlot()))).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  it.each([true, false])('no voice is a warning where the provider has no default one, live: %s', async (live) => {
    const message = 'tts_config.voice_id is missing, and elevenlabs has no default voice.';
    const unnamed = { component: 'tts', blocks: false, code: 'voice_unnamed', message };
    for (const voice_id of ['', null, undefined]) {
      const config = { tts_config: { ...tts_config, voice_id } } as CallConfig;
      expect(await find(config, [specKey(specSlot())], live)).toEqual([unnamed]);
    }
    const withDefault = { tts_config: { provider: 'xai' } } as CallConfig;
    expect(await find(withDefault, [specKey(specSlot({ provider: 'xai' }))], live)).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('a voice that the account of the own key has is nothing to tell', async () => {
    answer = 'there';
    expect(await findVoice(specKey(specSlot()))).toEqual([]);
    expect(asked).toEqual(['org/elevenlabs/anna']);
  });

  it('a voice that it does not have stands in the way', async () => {
    answer = 'absent';
    const message = expect.stringContaining('The voice anna is not in the voice library of your elevenlabs account');
    expect(await findVoice(specKey(specSlot()))).toEqual([
      { component: 'tts', blocks: true, code: 'voice_not_found', message },
    ]);
  });

  it('a key that its provider calls bad when it is asked stands in the way', async () => {
    answer = { refused: 'ElevenLabs refuses to list this: The provider does not know the key.' };
    expect(await findVoice(specKey(specSlot()))).toMatchObject([
      {
        component: 'tts',
        blocks: true,
        code: 'key_refused',
        message: expect.stringContaining('does not know the key'),
      },
    ]);
  });

  it('a voice that nobody can tell about is a warning', async () => {
    const message =
      'Whether the voice is in the voice library of your elevenlabs account could not be found out: ' +
      'ElevenLabs gave no list.';
    expect(await findVoice(specKey(specSlot()))).toEqual([
      { component: 'tts', blocks: false, code: 'voice_unchecked', message },
    ]);
  });

  it.each<['inherited' | 'platform', string]>([
    ['inherited', "your agency's elevenlabs account"],
    ['platform', "the platform's elevenlabs account"],
  ])(
    'a key that is %s is never asked with, and neither is the own one that it stands in for',
    async (source, account) => {
      answer = source === 'platform' ? 'there' : 'absent';
      const tts = specKey(others, { source, candidates: { tenant: expired }, fallbackReason: 'expired' });
      expect(await findVoice(tts)).toEqual([
        { component: 'tts', blocks: false, code: 'voice_unchecked', message: expect.stringContaining(account) },
      ]);
      expect(asked).toEqual([]);
    },
  );

  it('a voice that the catalogue has is in every account', async () => {
    const config = { tts_config: { ...tts_config, voice_id: 'everybodys' } };
    expect(await find(config, [specKey(specSlot()), specKey(others, { source: 'platform' })])).toEqual([]);
  });

  it.each<[string, KeylessComponent, boolean]>([
    ['when providers may not be asked', specKey(specSlot()), false],
    ['when the component gets no key', specUndecided(expired, 'expired'), true],
  ])('no voice is looked up %s', async (_, tts, live) => {
    answer = 'absent';
    expect(await findVoice(tts, live)).toEqual([]);
    expect(asked).toEqual([]);
  });
});
