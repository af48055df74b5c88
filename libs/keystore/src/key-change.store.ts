import { randomUUID } from 'node:crypto';
import { topics, type KeyChange, type KeyChanged } from '#libs/contracts';
import type { EntityManager } from 'typeorm';
import type { KeyVersion } from './entities/key-version.entity.js';
import { queueWebhook, webhookEventOfChange } from './webhook-queue.js';

export interface RecordedKeyChange {
  organizationId: string;
  provider: string;
  change: KeyChange;
  epoch: number;
  /** The version that is current after the change. */
  current: KeyVersion | null;
  actor: string;
  /** The same in every run of the request that asked for it. */
  requestId?: string | undefined;
}

/**
 * Writes the change, its event and the webhooks that tell of it into the caller's transaction, and wakes the outbox relay
 * at its commit.
 */
export async function recordKeyChange(manager: EntityManager, recorded: RecordedKeyChange): Promise<void> {
  const { organizationId, provider, change, epoch, current, actor, requestId = null } = recorded;
  const event: KeyChanged = {
    organization_id: organizationId,
    provider,
    change,
    epoch,
    secret_id: current?.secretId ?? null,
    changed_at: new Date().toISOString(),
  };
  await manager.query(
    `WITH recorded AS (
       INSERT INTO key_change (organization_id, provider, epoch, change, version, actor, request_id)
       VALUES ($1, $2, $3, $4, $5, $6, $11)),
     queued AS (
       INSERT INTO outbox (id, organization_id, aggregatetype, aggregateid, type, payload)
       VALUES ($7, $1, 'key_slot', $8, $9, $10))
     SELECT pg_notify('latchkey_outbox', '')`,
    [
      organizationId,
      provider,
      epoch,
      change,
      current?.version ?? null,
      actor,
      randomUUID(),
      `${organizationId}/${provider}`,
      topics.byokKeyChanged,
      JSON.stringify(event),
      requestId,
    ],
  );
  await tellByWebhook(manager, recorded);
}

async function tellByWebhook(manager: EntityManager, recorded: RecordedKeyChange): Promise<void> {
  const { organizationId, provider, change, epoch, current } = recorded;
  const type = webhookEventOfChange[change];
  if (!type) return;
  await queueWebhook(manager, organizationId, type, {
    provider,
    change,
    epoch,
    secret_id: current?.secretId ?? null,
    version: current?.version ?? null,
  });
}
