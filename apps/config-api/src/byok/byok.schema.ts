import { regionSchema } from '#libs/contracts';
import { fallbackPolicies, type SlotPolicy } from '#libs/keystore';
import { z } from 'zod';
import { expiryTime } from '../http/expiry-time.schema.js';
import { apiKeyProblem, submitApiKey } from './api-key.js';

const overlapSecondsMax = 86_400;
/** What the database counts versions with. */
const versionMax = 2 ** 31 - 1;
const providerName = z.string('must be a string').meta({ examples: ['openai'] });

/** A key as it is sent; schemas take it out of sight as their last step, when every other field has been found good. */
export const apiKeySchema = z
  .string('must be a string')
  .superRefine((raw, context) => {
    const message = apiKeyProblem(raw);
    if (message) context.addIssue({ code: 'custom', message });
  })
  .describe('The key as the provider gave it; what was shown of it (`sk-…AbCd`) is refused.')
  .meta({ examples: ['sk-your-own-key-of-openai'] });

const validate = z
  .boolean('must be true or false')
  .optional()
  .describe('Whether the provider is asked before the key is stored; the deployment decides when it is absent.');

const storeKeyFields = z.object({ provider: providerName, api_key: apiKeySchema, validate }).meta({ id: 'StoreKey' });
/** `POST /byok`. Existing clients may send more than we know. */
export const storeKeySchema = storeKeyFields.transform(({ provider, api_key, validate: wanted }) => ({
  provider,
  key: submitApiKey(api_key),
  validate: wanted,
}));
export type StoreKeyBody = z.infer<typeof storeKeySchema>;

/** `DELETE /byok`, where the provider may come in the query instead. Existing clients may send more than we know. */
export const removeKeySchema = z.object({ provider: providerName.optional() }).optional();
export type RemoveKeyBody = z.infer<typeof removeKeySchema>;

const overlapSeconds = z
  .int('must be a whole number')
  .min(0, 'must not be negative')
  .max(overlapSecondsMax, `must be at most ${overlapSecondsMax}`)
  .optional()
  .describe('How long calls under way may keep the old key; absent: as the deployment says.')
  .meta({ examples: [900] });

const rotateKeyFields = z
  .strictObject({
    api_key: apiKeySchema,
    validate,
    mode: z
      .enum(['graceful', 'immediate'], 'must be graceful or immediate')
      .default('graceful')
      .describe('immediate: the old key ends with this request, whatever overlap_seconds says.'),
    overlap_seconds: overlapSeconds,
  })
  .meta({ id: 'RotateKey' });
/** `POST /byok/keys/:provider/rotate`. */
export const rotateKeySchema = rotateKeyFields.transform(({ api_key, mode, overlap_seconds, validate: wanted }) => ({
  key: submitApiKey(api_key),
  validate: wanted,
  mode,
  overlapSeconds: overlap_seconds,
}));
export type RotateKeyBody = z.infer<typeof rotateKeySchema>;

/** `POST /byok/keys/:provider/rollback`: without a version, the newest that is kept. */
export const rollBackSchema = z
  .strictObject({
    version: z
      .int('must be a whole number')
      .positive('must be a version of the slot')
      .max(versionMax, 'must be a version of the slot')
      .optional(),
    overlap_seconds: overlapSeconds,
  })
  .transform(({ version, overlap_seconds }) => ({ version, overlapSeconds: overlap_seconds }))
  .optional();
export type RollBackBody = z.infer<typeof rollBackSchema>;

const modelName = z
  .string('must be a string')
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
  .meta({ examples: ['gpt-5.4-mini'] });

const policyFields = z
  .strictObject({
    fallback: z
      .enum(fallbackPolicies, `must be one of ${fallbackPolicies.join(', ')}, or null`)
      .nullish()
      .describe("Whether another's key may take the place of the own; null: as the organization says."),
    expires_at: expiryTime
      .nullish()
      .describe('From then on the key counts as expired. It goes with the key that is stored: the next begins without.')
      .meta({ examples: ['2027-01-31T00:00:00Z'] }),
    allowed_models: z
      .array(modelName, 'must be a list of models, or null')
      .min(1, 'must name a model; null allows all')
      .max(200, 'must have at most 200 models')
      .nullish(),
    region: regionSchema
      .nullish()
      .describe('Calls that name another region do not get the key; those that name none do.'),
    shared: z.boolean('must be true or false').optional().describe('Whether child organizations may use the key.'),
  })
  .meta({ id: 'SlotPolicy' });
/** `PUT /byok/keys/:provider/policy`: what is absent stays as it is, null takes a condition away. */
export const policySchema = policyFields
  .refine((fields) => Object.keys(fields).length > 0, 'must set at least one of its fields')
  .transform(({ expires_at, allowed_models, ...same }): SlotPolicy => ({
    ...same,
    ...(expires_at !== undefined && { expiresAt: expires_at === null ? null : new Date(expires_at) }),
    ...(allowed_models !== undefined && { allowedModels: allowed_models }),
  }));
export type PolicyBody = SlotPolicy;
