import { z } from 'zod';
import { isApiKeyName } from '../byok/secret-name.js';
import { findLeafProblem, storableLeaf, type JsonLeafProblem } from '../http/json-leaves.js';
import { nameText } from '../http/name.schema.js';
import { nextCursor, pageQuery } from '../http/page.schema.js';
import { formatCursor, parseCursor } from './assistant-cursor.js';

/** The parts of an assistant that decide which keys a call needs. */
export const assistantSections: readonly string[] = ['stt_config', 'llm_config', 'tts_config', 'analysis_plan'];

const text = z.string('must be a string, or null').nullish();
const list = z.array(z.unknown(), 'must be a list, or null').max(1_000, 'must have at most 1000 entries').nullish();

/** A section with these known fields; others are kept as they come. `null` means there is no such section. */
function section<T extends z.ZodRawShape>(known: T) {
  return z.looseObject(known, 'must be an object, or null').nullish();
}

const modelChoice = { provider: text, model: text };
const name = nameText.meta({ examples: ['Reception'] });

const contentFields = {
  stt_config: section({ ...modelChoice, language: text }),
  llm_config: section({
    ...modelChoice,
    temperature: z.number('must be a number, or null').nullish(),
    messages: list,
    tools: list,
    voice: text,
  }),
  tts_config: section({ ...modelChoice, voice_id: text, voice: text }),
  analysis_plan: section({
    ...modelChoice,
    enabled: z.boolean('must be true or false').nullish(),
    stt: section(modelChoice),
    llm: section(modelChoice),
  }),
  is_active: z.boolean('must be true or false').nullish(),
  first_message: text,
};

function assertStorable(body: object, context: z.RefinementCtx): void {
  const problem = findLeafProblem(body, storableLeaf) ?? findKey(body);
  if (problem) context.addIssue({ code: 'custom', ...problem });
}

/**
 * Assistants are shown as they were stored: what goes by the name of an API key has no place at their top and in their
 * sections. What stands deeper is said to a model or needed by its tools, and not for us to judge.
 */
function findKey(body: object): JsonLeafProblem | undefined {
  const sections = Object.entries(body).filter(([field]) => assistantSections.includes(field));
  const places = [[[], body], ...sections.map(([field, inner]) => [[field], inner])] as [string[], object | null][];
  return places.flatMap(([path, fields]) => keysIn(fields ?? {}, path))[0];
}

function keysIn(fields: object, path: readonly string[]): JsonLeafProblem[] {
  const named = Object.entries(fields).filter(([field, value]) => typeof value === 'string' && isApiKeyName(field));
  const message = 'does not belong here: keys are stored with POST /byok, and a call gets its own';
  return named.filter(([, value]) => value !== '').map(([field]) => ({ path: [...path, field], message }));
}

/** `POST /assistants`: only the name is needed. */
export const createAssistantSchema = z
  .looseObject({ name, ...contentFields })
  .superRefine(assertStorable)
  .meta({
    id: 'NewAssistant',
    examples: [
      {
        name: 'Reception',
        stt_config: { provider: 'deepgram', model: 'nova-3', language: 'en' },
        llm_config: { provider: 'openai', model: 'gpt-5.4', temperature: 0.4 },
        tts_config: { provider: 'elevenlabs', voice_id: '21m00Tcm4TlvDq8ikWAM' },
      },
    ],
  });
export type CreateAssistantBody = z.infer<typeof createAssistantSchema>;

/** `PATCH /assistants/:id`: sections merge field by field, `null` removes one; other fields are replaced. */
export const patchAssistantSchema = z
  .looseObject({ name: name.optional(), ...contentFields })
  .superRefine(assertStorable)
  .meta({ id: 'AssistantChange', examples: [{ llm_config: { temperature: 0.2 }, tts_config: null }] });
export type PatchAssistantBody = z.infer<typeof patchAssistantSchema>;

/** The query of `GET /assistants`. Clients that know nothing of pages get as many as a page may have. */
export const listAssistantsSchema = pageQuery(
  z
    .string('must be a next_cursor')
    .refine((cursor) => parseCursor(cursor) !== undefined, 'must be the next_cursor of an earlier answer'),
  { standard: 100, max: 100 },
);
export type ListAssistantsQuery = z.infer<typeof listAssistantsSchema>;

const sectionAnswer = z.looseObject({}).nullable();

/** An assistant as clients see it: what they sent, unknown fields included. */
const assistantSchema = z
  .looseObject({
    id: z.string().meta({ examples: ['5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a'] }),
    organization_id: z.uuid(),
    name: z.string(),
    is_active: z.boolean(),
    first_message: z.string().nullable(),
    stt_config: sectionAnswer,
    llm_config: sectionAnswer,
    tts_config: sectionAnswer.describe('null for realtime assistants, whose llm speaks by itself.'),
    analysis_plan: sectionAnswer,
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Assistant' });
export type Assistant = z.infer<typeof assistantSchema>;

export const assistantAnswer = z.object({ assistant: assistantSchema });
export type AssistantAnswer = z.infer<typeof assistantAnswer>;

/** `GET /assistants`: the newest first. */
export const assistantsAnswer = z.object({
  assistants: z.array(assistantSchema),
  next_cursor: nextCursor.meta({ examples: [formatCursor({ createdAt: '2026-11-24T10:15:30.000000Z', id: 'a' })] }),
});
export type AssistantsAnswer = z.infer<typeof assistantsAnswer>;

export const removedAnswer = z.object({ success: z.literal(true) });
export type RemovedAnswer = z.infer<typeof removedAnswer>;
