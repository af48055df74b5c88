import { randomUUID } from 'node:crypto';
import type { KeyChange } from '#libs/contracts';
import type { EntityManager } from 'typeorm';

/** What an organization can be told of by webhook. */
export const webhookEvents = [
  'byok.key.rotated',
  'byok.key.quarantined',
  'byok.key.expiring',
  'byok.fallback.used',
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** The body that receivers get. */
export interface WebhookPayload {
  /** The event's id: the same in every repetition, for every subscription. */
  id: string;
  type: string;
  created_at: string;
  organization_id: string;
  data: Record<string, unknown>;
}

/** The changes of a slot that its organization is told of. */
export const webhookEventOfChange: Partial<Record<KeyChange, WebhookEvent>> = {
  rotated: 'byok.key.rotated',
  rolled_back: 'byok.key.rotated',
  quarantined: 'byok.key.quarantined',
};

/**
 * Queues an event for every active subscription of the organization that wants it, in the caller's transaction.
 * `data` holds no key material.
 */
export async function queueWebhook(
  manager: EntityManager,
  organizationId: string,
  type: WebhookEvent,
  data: Record<string, unknown>,
): Promise<void> {
  const payload = webhookPayload(organizationId, type, data);
  await manager.query(
    `INSERT INTO webhook_delivery (organization_id, id, subscription_id, event_id, event_type, payload)
     SELECT organization_id, gen_random_uuid(), id, $2, $3::text, $4 FROM webhook_subscription
     WHERE organization_id = $1 AND is_active AND $3::text = ANY (events)`,
    [organizationId, payload.id, type, JSON.stringify(payload)],
  );
}

/** The body for an event that happens now. */
export function webhookPayload(organizationId: string, type: string, data: WebhookPayload['data']): WebhookPayload {
  return { id: randomUUID(), type, created_at: new Date().toISOString(), organization_id: organizationId, data };
}
