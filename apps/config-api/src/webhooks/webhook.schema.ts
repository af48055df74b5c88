import { SecretBytes } from '#libs/crypto';
import { deliveryStates, webhookEvents } from '#libs/keystore';
import { z } from 'zod';
import { pageQuery } from '../http/page.schema.js';

const week = 7 * 86_400;

const url = z
  .url({ protocol: /^https?$/, error: 'must be an https:// URL' })
  .max(2_000, 'must have at most 2000 characters')
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'must not have control characters or half characters')
  .refine((text) => !/^[^/]*\/\/[^/?#]*@/.test(text), 'must not hold a user or password')
  .meta({ examples: ['https://hooks.example.com/latchkey'] });
const events = z
  .array(z.enum(webhookEvents, `must be one of ${webhookEvents.join(', ')}`), 'must be a list of events')
  .min(1, 'must name an event')
  .max(webhookEvents.length, 'must name each event once')
  .transform((names) => [...new Set(names)])
  .meta({ examples: [['byok.key.quarantined', 'byok.key.expiring']] });
const isActive = z.boolean('must be true or false');
const secret = z
  .string('must be a string')
  .regex(/^[\x21-\x7e]{16,256}$/, 'must be 16 to 256 printable characters without spaces')
  .describe('What deliveries are signed with. Made for you when you send none.')
  .meta({ examples: ['whsec_hW0fJ2sV8mYc4tQ1rN7zK5bX'] });

/** `POST /webhooks`. */
export const createWebhookSchema = z
  .strictObject({
    url,
    events: events.default([...webhookEvents]).describe('All of them when none is named.'),
    secret: secret.optional(),
    is_active: isActive.default(true),
  })
  .transform(({ secret: given, is_active, ...same }) => ({ ...same, isActive: is_active, secret: hidden(given) }));
export type CreateWebhookBody = z.infer<typeof createWebhookSchema>;

/** `PATCH /webhooks/:id`. */
export const updateWebhookSchema = z
  .strictObject({ url: url.optional(), events: events.optional(), is_active: isActive.optional() })
  .refine((fields) => Object.keys(fields).length > 0, 'must set at least one of its fields')
  .transform(({ is_active, ...same }) => ({ ...same, ...(is_active !== undefined && { isActive: is_active }) }));
export type UpdateWebhookBody = z.infer<typeof updateWebhookSchema>;

/** `POST /webhooks/:id/rotate-secret`. */
export const rotateSecretSchema = z
  .strictObject({
    secret: secret.optional(),
    overlap_seconds: z
      .int('must be a whole number')
      .min(0, 'must not be negative')
      .max(week, `must be at most ${week}`)
      .default(86_400)
      .describe('How long deliveries are signed with the old secret too, in `X-Webhook-Signature-Previous`.'),
  })
  .prefault({})
  .transform(({ secret: given, overlap_seconds }) => ({ secret: hidden(given), overlapSeconds: overlap_seconds }));
export type RotateSecretBody = z.infer<typeof rotateSecretSchema>;

/** The query of `GET /webhooks/:id/deliveries`. */
export const listDeliveriesSchema = pageQuery(z.uuid('must be the next_cursor of an answer'), {
  standard: 50,
  max: 100,
}).extend({ state: z.enum(deliveryStates, `must be one of ${deliveryStates.join(', ')}`).optional() });
export type ListDeliveriesQuery = z.infer<typeof listDeliveriesSchema>;

/** Out of sight as soon as it has been found good. */
function hidden(text: string | undefined): SecretBytes | undefined {
  return text === undefined ? undefined : SecretBytes.fromUtf8(text);
}
