import { callConfigSchema, componentNames, fallbackReasons, keySourceSchema, regionSchema } from '#libs/contracts';
import { z } from 'zod';
import { withoutKeyOutcomes } from '../byok/without-key.js';

/** `POST /assistants/:id/preflight`. */
export const assistantPreflightSchema = z
  .strictObject({
    config: callConfigSchema
      .optional()
      .describe("Sections that take the place of the assistant's, as in `call.started.v1`."),
    region: regionSchema.optional(),
    live: z
      .boolean('must be true or false')
      .default(true)
      .describe(
        'Whether providers may be asked for voices, with your own key; the answer then takes as long as they do.',
      ),
  })
  .prefault({});
export type AssistantPreflightBody = z.infer<typeof assistantPreflightSchema>;

/** `POST /preflight`: a configuration of its own, without an assistant. */
export const inlinePreflightSchema = z.strictObject({
  config: callConfigSchema,
  region: regionSchema.optional(),
  live: z.boolean('must be true or false').default(true),
});
export type InlinePreflightBody = z.infer<typeof inlinePreflightSchema>;

const finding = z
  .object({
    code: z.string().meta({ examples: ['no_key'] }),
    message: z
      .string()
      .describe('What is wrong and what to do.')
      .meta({
        examples: [
          'No openai key is stored, and nobody else has one that may be used for this: add your own with POST /byok.',
        ],
      }),
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof finding>;

const preflightComponent = z
  .object({
    component: z.enum(componentNames),
    provider: z
      .string()
      .nullable()
      .meta({ examples: ['openai'] }),
    slot: z
      .string()
      .nullable()
      .meta({ examples: ['openai'] }),
    model: z
      .string()
      .nullable()
      .meta({ examples: ['gpt-5.4'] }),
    ready: z.boolean(),
    source: keySourceSchema.nullable().describe('Whose key the component would get; null when none.'),
    secret_id: z.uuid().nullable(),
    version: z.int().nullable(),
    fallback_reason: z.enum(fallbackReasons).nullable(),
    inherited_from: z.uuid().nullable(),
    key_state: z
      .enum(['empty', 'active', 'expired', 'revoked', 'quarantined'])
      .nullable()
      .describe("State of the organization's own slot."),
    last_verdict: z
      .string()
      .nullable()
      .describe(
        'What the provider last said of the key that would be used, of your own when none would; null: never asked.',
      ),
    last_validated: z.iso.datetime().nullable(),
    without_key: z
      .enum(withoutKeyOutcomes)
      .nullable()
      .describe("What would become of the call without the organization's own key."),
    reasons: z.array(finding).describe('Why it is not ready.'),
    warnings: z.array(finding).describe('What is worth knowing although it is ready.'),
  })
  .meta({ id: 'PreflightComponent' });
export type PreflightComponent = z.infer<typeof preflightComponent>;

/** Whether a call would have all its keys, decided as a call would be at this moment. */
export const preflightAnswer = z
  .object({
    ready: z.boolean(),
    region: regionSchema.nullable(),
    reasons: z
      .array(z.string())
      .describe(
        'All reasons of all components, each with its component in front; `nothing_configured: …` when there are none.',
      ),
    components: z.array(preflightComponent),
  })
  .meta({ id: 'Preflight' });
export type PreflightAnswer = z.infer<typeof preflightAnswer>;
