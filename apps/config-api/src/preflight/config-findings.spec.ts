import { beforeEach, describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import type { CallConfig } from '#libs/contracts';
import type { SlotRef } from '#libs/resolution';
import type { LiveVoiceLibrary } from '../live-lists/live-voice.library.js';
import { ConfigFindings, type ConfigFinding } from './config-findings.js';
import type { KeylessComponent } from './keyless-call.js';
import { specKey, specSlot, specUndecided } from './spec-components.js';

const tts_config = { provider: 'elevenlabs', voice_id: 'anna' };
const expired = specSlot({ expired: true, fallback: 'when_unusable' });
const others = specSlot({ organizationId: 'other' });

describe('what is found in a configuration', () => {
  let asked: string[];
  let answer: boolean | undefined;

  const voices = {
    isEverywhere: (_, voiceId) => voiceId === 'everybodys',
    has: async ({ organizationId, provider }: SlotRef, voiceId) => {
      asked.push(`${organizationId}/${provider}/${voiceId}`);
      return answer;
    },
  } as Pick<LiveVoiceLibrary, 'isEverywhere' | 'has'> as LiveVoiceLibrary;
  const findings = new ConfigFindings(Catalogue.load(), voices);

  beforeEach(() => {
    asked = [];
    answer = undefined;
  });

  const find = (config: CallConfig, components: KeylessComponent[] = [], live = true): Promise<ConfigFinding[]> =>
    findings.of({ request: { organizationId: 'org' }, config, assistantMissing: false, components }, live);
  const findVoice = (tts: KeylessComponent, live = true): Promise<ConfigFinding[]> => find({ tts_config }, [tts], live);

  it('a model that the catalogue does not have stands in the way, a provider that it does not have is told elsewhere', async () => {
    const config = { llm_config: { provider: 'openai', model: 'gpt-0' }, stt_config: { provider: 'nobody' } };
    expect(await find(config)).toEqual([
      { component: 'llm', blocks: true, code: 'unknown_model', message: expect.stringContaining('llm_config.model') },
    ]);
  });

  it('a voice that the account of the own key has is nothing to tell', async () => {
    answer = true;
    expect(await findVoice(specKey(specSlot()))).toEqual([]);
    expect(asked).toEqual(['org/elevenlabs/anna']);
  });

  it('a voice that it does not have stands in the way', async () => {
    answer = false;
    const message = expect.stringContaining('The voice anna is not in the Voice Library of your elevenlabs account');
    expect(await findVoice(specKey(specSlot()))).toEqual([
      { component: 'tts', blocks: true, code: 'voice_not_found', message },
    ]);
  });

  it('a voice that nobody can tell about is a warning', async () => {
    const message = expect.stringContaining('your elevenlabs account could not be found out');
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
      answer = source === 'platform';
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
    answer = false;
    expect(await findVoice(tts, live)).toEqual([]);
    expect(asked).toEqual([]);
  });
});
