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

/** Something that an organization is told of; `data` holds no key material. */
export interface WebhookNotice {
  organizationId: string;
  type: WebhookEvent;
  data: Record<string, unknown>;
}

/** Queues events for every active subscription of their organizations that wants them, in the caller's transaction. */
export async function queueWebhooks(manager: EntityManager, notices: readonly WebhookNotice[]): Promise<void> {
  if (notices.length === 0) return;
  const payloads = notices.map(({ organizationId, type, data }) => webhookPayload(organizationId, type, data));
  await manager.query(
    `INSERT INTO webhook_delivery (organization_id, id, subscription_id, event_id, event_type, payload)
     SELECT s.organization_id, gen_random_uuid(), s.id, e.id, e.type, e.payload
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) AS e (organization_id, id, type, payload)
     JOIN webhook_subscription s ON s.organization_id = e.organization_id AND s.is_active AND e.type = ANY (s.events)`,
    [
      payloads.map(({ organization_id }) => organization_id),
      payloads.map(({ id }) => id),
      payloads.map(({ type }) => type),
      payloads.map((payload) => JSON.stringify(payload)),
    ],
  );
}

/** The body for an event that happens now. */
export function webhookPayload(organizationId: string, type: string, data: WebhookPayload['data']): WebhookPayload {
  return { id: randomUUID(), type, created_at: new Date().toISOString(), organization_id: organizationId, data };
}
