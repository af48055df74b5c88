import { fallbackPolicies } from '#libs/keystore';
import { z } from 'zod';
import { apiKeyProblem, submitApiKey } from './api-key.js';

const overlapSecondsMax = 86_400;
const providerName = z.string('must be a string');

/** Takes the key out of sight as the last step, when every other field has been found good. */
const apiKey = z.string('must be a string').superRefine((raw, context) => {
  const message = apiKeyProblem(raw);
  if (message) context.addIssue({ code: 'custom', message });
});

const storeKeyFields = z.strictObject({ provider: providerName, api_key: apiKey });
/** `POST /byok`. */
export const storeKeySchema = storeKeyFields.transform(({ provider, api_key }) => ({
  provider,
  key: submitApiKey(api_key),
}));
export type StoreKeyBody = z.infer<typeof storeKeySchema>;

/** `DELETE /byok`, where the provider may come in the query instead. */
export const removeKeySchema = z.strictObject({ provider: providerName.optional() }).optional();
export type RemoveKeyBody = z.infer<typeof removeKeySchema>;

const rotateKeyFields = z.strictObject({
  api_key: apiKey,
  mode: z.enum(['graceful', 'immediate'], 'must be graceful or immediate').default('graceful'),
  overlap_seconds: z
    .int('must be a whole number')
    .min(0, 'must not be negative')
    .max(overlapSecondsMax, `must be at most ${overlapSecondsMax}`)
    .optional(),
});
/** `POST /byok/keys/:provider/rotate`. */
export const rotateKeySchema = rotateKeyFields.transform(({ api_key, mode, overlap_seconds }) => ({
  key: submitApiKey(api_key),
  mode,
  overlapSeconds: overlap_seconds,
}));
export type RotateKeyBody = z.infer<typeof rotateKeySchema>;

/** `PUT /byok/keys/:provider/policy`. */
export const policySchema = z.strictObject({
  fallback: z.enum(fallbackPolicies, `must be one of ${fallbackPolicies.join(', ')}`),
});
export type PolicyBody = z.infer<typeof policySchema>;
