import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { callEndedSchema, callKeyFailedSchema, callStartedSchema } from './call-events.schema.js';
import { plainWords } from './plain-words.js';

function wordsFor(schema: z.ZodType, value: unknown): string[] {
  const { error } = schema.safeParse(value, { error: plainWords });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`);
}

const organization = { organization_id: '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a' };
const call = { call_id: 'call', ...organization };

describe('what is wrong with an event', () => {
  it.each<[z.ZodType, object, string]>([
    [callStartedSchema, { ...call, call_id: undefined }, 'call_id is required'],
    [callStartedSchema, { ...call, call_id: 7 }, 'call_id must be a string'],
    [callStartedSchema, { ...call, call_id: 'x'.repeat(129) }, 'call_id must have at most 128 characters'],
    [callStartedSchema, { ...call, organization_id: 'acme' }, 'organization_id must be a UUID'],
    [callStartedSchema, { ...call, config: { llm_config: 'x' } }, 'config.llm_config must be an object'],
    [callEndedSchema, { ...call, ended_at: 'now' }, 'ended_at must be a time such as 2026-11-24T09:30:00Z'],
    [callKeyFailedSchema, { ...call, component: 'stt', status: 4 }, 'status must be at least 100'],
    [callKeyFailedSchema, { ...call, component: 'stt', status: 400.5 }, 'status must be a whole number'],
    [
      callKeyFailedSchema,
      { ...call, component: 'ear', status: 401 },
      'component must be one of stt, llm, tts, postcall_stt, postcall_llm, email',
    ],
    [z.object({ handles: z.array(z.string()).min(1) }), { handles: [] }, 'handles must have at least 1 entries'],
  ])('%# is said in plain words', (schema, value, words) => expect(wordsFor(schema, value)).toEqual([words]));

  it('is what the schema says where it says something', () => {
    expect(wordsFor(callStartedSchema, { ...call, call_id: 'a b' })).toEqual([
      'call_id must be printable ASCII without spaces',
    ]);
  });

  it('is said without the value', () => {
    const marker = 'sk-marker-0123456789';
    const wrong = { call_id: `${marker} x`, organization_id: marker, component: marker, status: marker };
    const words = wordsFor(callKeyFailedSchema, wrong).join();
    expect(words).toContain('status must be');
    expect(words).not.toContain(marker);
  });
});
