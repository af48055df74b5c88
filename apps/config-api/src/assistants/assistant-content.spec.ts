import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { AppError } from '#libs/errors';
import { errorAnswerOf } from '../http/error-body.js';
import type { PatchAssistantBody } from './assistant.schema.js';
import { assistantOf, newContent, patchedContent } from './assistant-content.js';

const catalogue = Catalogue.load();
const pipeline = {
  stt_config: { provider: 'deepgram', language: 'de', smart: { deep: [1, null] } },
  llm_config: { provider: 'openai', model: 'gpt-5.4', temperature: 0, messages: [] },
  tts_config: { provider: '11labs', voice_id: 'anything' },
  analysis_plan: { email: 'a@example.com' },
};
const content = (more: object = {}): ReturnType<typeof newContent> =>
  newContent(catalogue, { name: 'Front desk', ...pipeline, ...more });
const patched = (patch: PatchAssistantBody, more: object = {}): Record<string, unknown> =>
  patchedContent(catalogue, content(more), patch).body;
const refusalOf = (work: () => unknown): AppError => {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('nothing was refused');
};

describe('the content of an assistant', () => {
  it('is everything that came, unknown fields included, except what is ours to say', () => {
    const own = { id: 'x', organization_id: 'x', created_at: 'x', updated_at: 'x' };
    const { name, body } = content({ ...own, color: { deep: true }, greeting: null });
    expect(name).toBe('Front desk');
    expect(body).toEqual({ ...pipeline, color: { deep: true }, greeting: null });
  });

  it('merges sections field by field, and replaces what is no section', () => {
    const before = { tags: { a: 1 } };
    expect(patched({ llm_config: { model: 'gpt-5', voice: null }, tags: { b: 2 } }, before)).toEqual({
      ...pipeline,
      llm_config: { ...pipeline.llm_config, model: 'gpt-5', voice: null },
      tags: { b: 2 },
    });
  });

  it('loses a section that is patched to null, and gets it anew from nothing', () => {
    expect(patched({ stt_config: null })).toMatchObject({ stt_config: null });
    expect(patched({ stt_config: { provider: 'gladia' } }, { stt_config: null })).toMatchObject({
      stt_config: { provider: 'gladia' },
    });
  });

  it('has no tts section when the llm speaks by itself', () => {
    expect(content({ llm_config: { provider: 'openai_live', voice: 'marin' } }).body).toMatchObject({
      tts_config: null,
      stt_config: pipeline.stt_config,
    });
    const realtime = { provider: 'openai_live', model: null };
    expect(patched({ llm_config: realtime }).tts_config).toBeNull();
    expect(patched({ tts_config: { provider: 'xai' } }, { llm_config: realtime }).tts_config).toBeNull();
  });

  it('is refused with the field and what may stand there', () => {
    const error = refusalOf(() => content({ llm_config: { provider: 'xai', model: 'gpt-5', temperature: 3 } }));
    expect(error).toMatchObject({
      kind: 'invalid',
      code: 'invalid_request',
      message: 'llm_config.model is not a model of xai for llm; llm_config.model may be grok-4.3.',
      param: 'llm_config.model',
      details: ['llm_config.model may be grok-4.3', 'llm_config.temperature may be a number from 0 to 2'],
    });
  });

  it('is refused with what stands there from before, where the patch did not bring it', () => {
    const error = refusalOf(() => patched({ llm_config: { provider: 'xai' } }));
    expect(error).toMatchObject({ param: 'llm_config.model', details: ['llm_config.model may be grok-4.3'] });
    expect(error.message).toBe(
      'llm_config.model is still gpt-5.4, which does not go with this change: send it too, or null for the default; ' +
        'llm_config.model may be grok-4.3.',
    );
    const sent = refusalOf(() => patched({ llm_config: { provider: 'xai', model: 'gpt-5.4' } }));
    expect(sent.message).not.toContain('gpt-5.4');
    expect(patched({ llm_config: { provider: 'xai', model: null } })).toMatchObject({
      llm_config: { provider: 'xai', model: null },
    });
  });

  it('is refused with a list that a sentence can hold, and says nothing twice', () => {
    const temperature = refusalOf(() => content({ llm_config: { provider: 'openai', temperature: 3 } }));
    expect(errorAnswerOf(temperature, 'r').body).toMatchObject({
      error: 'llm_config.temperature must be a number from 0 to 2.',
      message: 'llm_config.temperature must be a number from 0 to 2.',
    });
    const model = refusalOf(() => content({ llm_config: { provider: 'openai', model: 'gpt-1' } }));
    expect(model.message).toContain('llm_config.model may be gpt-5.4, gpt-5.4-mini, ');
  });

  it('may keep what the catalogue no longer has, as long as a patch does not touch it', () => {
    const before = { name: 'Old', body: { llm_config: { provider: 'gone' }, stt_config: { provider: 'deepgram' } } };
    expect(patchedContent(catalogue, before, { name: 'New' })).toEqual({ ...before, name: 'New' });
    expect(refusalOf(() => patchedContent(catalogue, before, { llm_config: { model: 'm' } })).param).toBe(
      'llm_config.provider',
    );
    expect(refusalOf(() => patchedContent(catalogue, before, { stt_config: { model: 'm' } })).param).toBe(
      'stt_config.model',
    );
  });

  it('is checked where a patch brings a section back into use', () => {
    const before = content({ llm_config: { provider: 'openai_live' }, stt_config: { provider: 'nobody' } });
    const patch = { llm_config: { provider: 'openai', model: null } };
    expect(refusalOf(() => patchedContent(catalogue, before, patch)).param).toBe('stt_config.provider');
  });

  it('has its bounds, before and after a merge', () => {
    const half = 'x'.repeat(70 * 1024);
    expect(refusalOf(() => content({ a: half, b: half })).message).toContain('larger than 128 KiB');
    expect(refusalOf(() => patched({ b: half }, { a: half })).message).toContain('larger than 128 KiB');
  });

  it('is shown with every section and our own fields, whatever was stored', () => {
    const times = { createdAt: new Date(0), updatedAt: new Date(1) };
    const stored = { id: 'i', organizationId: 'o', name: 'N', body: { is_active: null, extra: 1 }, ...times };
    expect(assistantOf(stored)).toEqual({
      id: 'i',
      organization_id: 'o',
      name: 'N',
      is_active: true,
      first_message: null,
      stt_config: null,
      llm_config: null,
      tts_config: null,
      analysis_plan: null,
      extra: 1,
      created_at: '1970-01-01T00:00:00.000Z',
      updated_at: '1970-01-01T00:00:00.001Z',
    });
  });
});
