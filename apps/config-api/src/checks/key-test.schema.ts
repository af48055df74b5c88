import { capabilityVerdicts, verdicts } from '#libs/providers';
import { z } from 'zod';
import { apiKeySchema } from '../byok/byok.schema.js';
import { submitApiKey } from '../byok/api-key.js';

/** `POST /byok/keys/:provider/test`: without a key, the stored one is tested. */
export const keyTestSchema = z
  .strictObject({ api_key: apiKeySchema.optional() })
  .transform(({ api_key }) => ({ key: api_key === undefined ? undefined : submitApiKey(api_key) }))
  .prefault({});
export type KeyTestBody = z.infer<typeof keyTestSchema>;

/** What the provider says of a key. */
export const keyTestAnswer = z
  .object({
    provider: z.string().meta({ examples: ['openai'] }),
    version: z.int().nullable().describe('The stored version that was tested; null for a key that was sent.'),
    verdict: z.enum(verdicts),
    capabilities: z.record(z.string(), z.enum(capabilityVerdicts)).describe('By component that the slot serves.'),
    missing_permissions: z.array(z.string()),
    retry_after_seconds: z.number().nullable(),
    detail: z.string().nullable(),
    tested_at: z.iso.datetime(),
  })
  .meta({ id: 'KeyTest' });
export type KeyTestAnswer = z.infer<typeof keyTestAnswer>;
