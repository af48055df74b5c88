import { describe, expect, it } from '@jest/globals';
import type { CallConfig } from '#libs/contracts';
import { Catalogue, type ConfigProblem } from './index.js';

const catalogue = Catalogue.load();
const problemsOf = (config: object): ConfigProblem[] => catalogue.configProblems(config as CallConfig);
const pathsOf = (config: object): string[] => problemsOf(config).map(({ path }) => path);

describe('what is wrong with a configuration', () => {
  it('is nothing for every provider, model and voice of the catalogue', () => {
    for (const { component, provider, aliases = [], models, voices } of catalogue.offerings) {
      if (component !== 'stt' && component !== 'llm' && component !== 'tts') continue;
      for (const id of [provider, ...aliases]) {
        for (const model of [undefined, null, '', ...models.map((entry) => entry.id)]) {
          const section = { provider: id, model, voice: voices?.known[0], temperature: 0.7, language: 'de' };
          expect(problemsOf({ [`${component}_config`]: section })).toEqual([]);
        }
      }
    }
  });

  it('is named by field, with what may stand there instead', () => {
    expect(
      problemsOf({
        stt_config: { provider: 'openai' },
        llm_config: { provider: 'mistral', model: 'gpt-5', temperature: 2.1 },
        tts_config: { model: 'x' },
      }),
    ).toEqual([
      {
        component: 'stt',
        path: 'stt_config.provider',
        code: 'unknown_provider',
        message: 'stt_config.provider names no provider of stt.',
        allowed: ['deepgram', 'elevenlabs', 'gladia', 'mistral', 'google'],
      },
      {
        component: 'llm',
        path: 'llm_config.model',
        code: 'unknown_model',
        message: 'llm_config.model is not a model of mistral for llm.',
        allowed: expect.arrayContaining(['mistral-medium-latest', 'ministral-3b-latest']),
      },
      {
        component: 'llm',
        path: 'llm_config.temperature',
        code: 'invalid_temperature',
        message: 'llm_config.temperature must be a number from 0 to 2.',
        allowed: ['a number from 0 to 2'],
      },
      expect.objectContaining({ path: 'tts_config.provider', message: 'tts_config.provider is required.' }),
    ]);
  });

  it('is a voice that is not known where voices are a closed list, and none where they are free text', () => {
    const llm = (provider: string, voice: string): object => ({ llm_config: { provider, voice } });
    expect(problemsOf(llm('openai_live', 'nobody'))).toMatchObject([
      { path: 'llm_config.voice', code: 'unknown_voice', allowed: ['marin', 'beacon', 'cinder', 'stone', 'vesper'] },
    ]);
    expect(pathsOf({ llm_config: { provider: 'openai_live', voice_id: 'nobody' } })).toEqual(['llm_config.voice_id']);
    expect(pathsOf(llm('openai_live', 'marin'))).toEqual([]);
    expect(pathsOf(llm('xai_realtime', 'nobody'))).toEqual([]);
    expect(pathsOf({ tts_config: { provider: '11labs', voice_id: 'any' } })).toEqual([]);
    expect(problemsOf({ tts_config: { provider: '11labs', voice_id: 5 } })).toMatchObject([
      { path: 'tts_config.voice_id', code: 'unknown_voice', message: 'tts_config.voice_id must be a string.' },
    ]);
  });

  it('counts for the parts that a call would use, and for no others', () => {
    const bad = { provider: 'acme' };
    const realtime = { stt_config: bad, llm_config: { provider: 'openai_live' }, tts_config: bad };
    expect(pathsOf(realtime)).toEqual([]);
    expect(pathsOf({ ...realtime, analysis_plan: { stt: bad, llm: bad } })).toEqual([
      'analysis_plan.stt.provider',
      'analysis_plan.llm.provider',
    ]);
    expect(pathsOf({ analysis_plan: { enabled: false, llm: bad } })).toEqual([]);
    expect(pathsOf({ analysis_plan: { stt: bad, provider: 'xai', model: 'x', email: 'a@example.com' } })).toEqual([
      'analysis_plan.model',
    ]);
    expect(pathsOf({})).toEqual([]);
  });

  it.each(['__proto__', 'constructor', 7, {}, [], true])(
    '%j is no provider and no model, and never repeated',
    (odd) => {
      expect(pathsOf({ llm_config: { provider: odd } })).toEqual(['llm_config.provider']);
      expect(pathsOf({ llm_config: { provider: 'openai', model: odd } })).toEqual(['llm_config.model']);
      expect(pathsOf({ llm_config: { provider: 'openai_live', voice: odd } })).toEqual(['llm_config.voice']);
      const { message } = problemsOf({ llm_config: { provider: 'sk-0123456789abcdef' } })[0]!;
      expect(message).not.toContain('sk-0');
    },
  );
});
