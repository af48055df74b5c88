import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import type { CallConfig } from '#libs/contracts';
import { needsOfCall, type CallNeeds } from './call-needs.js';

const catalogue = Catalogue.load();
const stt = { provider: 'deepgram' };
const llm = { provider: 'openai' };
const tts = { provider: 'elevenlabs' };
const realtime = { provider: 'openai_live' };

function ask(config: CallConfig | undefined, assistant?: CallConfig): CallNeeds {
  return needsOfCall(catalogue, { organizationId: 'org', assistantId: 'asst', config }, assistant);
}

/** For each component its slot, or why none is known. */
function namesOf({ needs }: CallNeeds): string[] {
  return needs.map((need) => `${need.component} ${need.kind === 'needed' ? need.slot : need.reason}`);
}

describe('what a call with an assistant needs', () => {
  it('is what the two say together, `null` in the call taking a section away', () => {
    const { config, assistantMissing } = ask(
      { llm_config: llm, tts_config: null },
      { stt_config: stt, tts_config: tts },
    );
    expect(config).toEqual({ stt_config: stt, llm_config: llm, tts_config: null, analysis_plan: undefined });
    expect(assistantMissing).toBe(false);
  });
});

describe('of an assistant that is not there', () => {
  const absent = (component: string): string => `${component} assistant_not_found`;

  it.each<[string, CallConfig | undefined, string[]]>([
    ['everything', undefined, [absent('stt'), absent('llm'), absent('tts')]],
    [
      'what else is said aloud when the call names the llm',
      { llm_config: llm },
      [absent('stt'), 'llm openai', absent('tts')],
    ],
    ['the llm', { stt_config: stt, tts_config: tts }, ['stt deepgram', absent('llm'), 'tts elevenlabs']],
    ['nothing when the llm is realtime', { llm_config: realtime }, ['llm openai']],
    ['nothing that the call takes away', { stt_config: null, llm_config: null }, [absent('tts')]],
    [
      'nothing when the call says everything',
      { stt_config: stt, llm_config: llm, tts_config: null },
      ['stt deepgram', 'llm openai'],
    ],
    [
      'the same beside an llm that nobody knows',
      { llm_config: { provider: 'x' } },
      [absent('stt'), 'llm unknown_provider', absent('tts')],
    ],
  ])('%s is unknown', (_, config, expected) => {
    const asked = ask(config);
    expect(namesOf(asked)).toEqual(expected);
    expect(asked.assistantMissing).toBe(true);
  });

  it('post-call components come last, if the call names them', () => {
    expect(namesOf(ask({ analysis_plan: {} }))).toEqual([
      absent('stt'),
      absent('llm'),
      absent('tts'),
      'postcall_llm openai',
    ]);
  });
});
