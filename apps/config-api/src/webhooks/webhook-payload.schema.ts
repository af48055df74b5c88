import { componentNames, fallbackReasons, keySourceSchema } from '#libs/contracts';
import type { WebhookEvent } from '#libs/keystore';
import { z } from 'zod';

const provider = z
  .string()
  .describe('The slot.')
  .meta({ examples: ['openai'] });
const secretId = z.uuid().describe('The version that the event is about, as `GET /api/v1/byok/keys` shows it.');
const version = z.int();
const epoch = z.int().describe('Of the slot after the change: of two events the higher one is the later.');
const changed = { provider, epoch, secret_id: secretId.nullable(), version: version.nullable() };

/** What an event means, and the body that receivers get. */
interface ToldEvent {
  summary: string;
  payload: z.ZodType;
}

/** Every event that receivers are told of: by subscription, and by `POST /webhooks/:id/test`. */
export const webhookPayloads: Record<WebhookEvent | 'webhook.test', ToldEvent> = {
  'byok.key.rotated': {
    summary: 'A key was replaced, or its slot went back to an earlier one.',
    payload: payloadOf('byok.key.rotated', { ...changed, change: z.enum(['rotated', 'rolled_back']) }),
  },
  'byok.key.quarantined': {
    summary: 'A provider refused a key in use, a probe confirmed it, and no call gets it any more.',
    payload: payloadOf('byok.key.quarantined', {
      ...changed,
      change: z.literal('quarantined'),
      reason: z.enum(['invalid', 'blocked']).describe('What the provider says of the key.'),
    }),
  },
  'byok.key.expiring': {
    summary: 'A key expires within seven days.',
    payload: payloadOf('byok.key.expiring', {
      provider,
      secret_id: secretId,
      version,
      expires_at: z.iso.datetime(),
    }),
  },
  'byok.fallback.used': {
    summary: "A call ran on another's key because the slot's own could not be used.",
    payload: payloadOf('byok.fallback.used', {
      provider,
      reason: z.enum(fallbackReasons).describe("Why the slot's own key was not used."),
      source: keySourceSchema.describe('Whose key was used instead.'),
      call_id: z.string().meta({ examples: ['call-2026-11-24-0001'] }),
      component: z.enum(componentNames),
    }),
  },
  'webhook.test': {
    summary: 'Somebody has asked for a test.',
    payload: payloadOf('webhook.test', { webhook_id: z.uuid() }),
  },
};

/** Fields may be added at any time. */
function payloadOf(type: string, data: z.ZodRawShape): z.ZodType {
  return z.looseObject({
    id: z.uuid().describe("The event's own: the same in every repetition."),
    type: z.literal(type),
    created_at: z.iso.datetime(),
    organization_id: z.uuid(),
    data: z.looseObject(data),
  });
}
