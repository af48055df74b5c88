import { deliveryStates, webhookEvents } from '#libs/keystore';
import { z } from 'zod';
import { nextCursor } from '../http/page.schema.js';

const id = z.uuid().meta({ examples: ['0b9d3c58-6a3e-4f0a-9d0b-8f6f1a2c3d4e'] });
const time = z.iso.datetime();

const webhookFields = z.object({
  id,
  url: z.string().meta({ examples: ['https://hooks.example.com/latchkey'] }),
  events: z.array(z.enum(webhookEvents)),
  is_active: z.boolean().describe('Whether it is told of events. What waits for delivery waits on meanwhile.'),
  previous_secret_until: time
    .nullable()
    .describe('Until then deliveries are signed with the secret before the last rotation too.'),
  created_at: time,
});
const webhook = webhookFields.meta({ id: 'Webhook' });
/** A subscription as its organization sees it. */
export type WebhookRow = z.infer<typeof webhook>;

/** `GET` and `PATCH /webhooks/:id`. */
export const webhookAnswer = z.object({ webhook });
export type WebhookAnswer = z.infer<typeof webhookAnswer>;

/** `GET /webhooks`. */
export const webhooksAnswer = z.object({ webhooks: z.array(webhook) });
export type WebhooksAnswer = z.infer<typeof webhooksAnswer>;

/** The answers that show a secret. */
export const webhookSecretAnswer = z.object({
  webhook: webhookFields
    .extend({
      secret: z
        .string()
        .describe('Shown this once.')
        .meta({ examples: ['whsec_hW0fJ2sV8mYc4tQ1rN7zK5bX'] }),
    })
    .meta({ id: 'WebhookWithSecret' }),
});
export type WebhookSecretAnswer = z.infer<typeof webhookSecretAnswer>;

/** `DELETE /webhooks/:id`. */
export const webhookRemovedAnswer = z.object({ success: z.literal(true) });
export type WebhookRemovedAnswer = z.infer<typeof webhookRemovedAnswer>;

/** `POST /webhooks/:id/test`. */
export const webhookTestAnswer = z.object({
  delivered: z.boolean().describe('The receiver answered with 2xx.'),
  status: z.int().nullable().describe('What the receiver answered; null when it did not.'),
  answer: z.string().nullable().describe('The beginning of its body.'),
  error: z.string().nullable(),
  duration_ms: z.int(),
});
export type WebhookTestAnswer = z.infer<typeof webhookTestAnswer>;

const delivery = z
  .object({
    id,
    event_id: id.describe('The same in every repetition, and for every webhook that is told of the event.'),
    event: z.string().meta({ examples: ['byok.key.quarantined'] }),
    state: z.enum(deliveryStates).describe('`dead`: twelve attempts have failed; replay it when the receiver is back.'),
    attempts: z.int(),
    next_attempt_at: time.nullable(),
    last_status: z.int().nullable(),
    last_error: z.string().nullable(),
    created_at: time,
    delivered_at: time.nullable(),
    payload: z.record(z.string(), z.unknown()).describe('The body that the receiver gets.'),
  })
  .meta({ id: 'WebhookDelivery' });
/** One event on its way to one receiver. */
export type DeliveryRow = z.infer<typeof delivery>;

/** `POST /webhooks/:id/deliveries/:delivery_id/replay`. */
export const deliveryAnswer = z.object({ delivery });
export type DeliveryAnswer = z.infer<typeof deliveryAnswer>;

/** `GET /webhooks/:id/deliveries`, newest first. */
export const deliveriesAnswer = z.object({
  deliveries: z.array(delivery),
  next_cursor: nextCursor,
});
export type DeliveriesAnswer = z.infer<typeof deliveriesAnswer>;
