import { randomUUID } from 'node:crypto';
import { topics, type KeyChange, type KeyChanged } from '#libs/contracts';
import type { EntityManager } from 'typeorm';
import type { KeyVersion } from './entities/key-version.entity.js';
import { queueWebhooks, webhookEventOfChange, type WebhookNotice } from './webhook-queue.js';

export interface RecordedKeyChange {
  organizationId: string;
  provider: string;
  change: KeyChange;
  epoch: number;
  /** The version that is current after the change. */
  current: KeyVersion | null;
  actor: string;
  /** Why it was quarantined: the provider's verdict. */
  reason?: string | undefined;
  /** The same in every run of the request that asked for it. */
  requestId?: string | undefined;
}

/**
 * Writes the changes, their events and the webhooks that tell of them into the caller's transaction, and wakes the outbox
 * relay at its commit.
 */
export async function recordKeyChanges(manager: EntityManager, recorded: readonly RecordedKeyChange[]): Promise<void> {
  if (recorded.length === 0) return;
  await manager.query(recordSql, [topics.byokKeyChanged, JSON.stringify(recorded.map(rowOf))]);
  await queueWebhooks(manager, recorded.flatMap(noticesOf));
}

const recordSql = `
  WITH change AS (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS c (organization_id uuid, provider text, epoch bigint, change text,
      version integer, actor text, request_id uuid, event_id uuid, event jsonb)),
  recorded AS (
    INSERT INTO key_change (organization_id, provider, epoch, change, version, actor, request_id)
    SELECT organization_id, provider, epoch, change, version, actor, request_id FROM change),
  queued AS (
    INSERT INTO outbox (id, organization_id, aggregatetype, aggregateid, type, payload)
    SELECT event_id, organization_id, 'key_slot', organization_id || '/' || provider, $1, event FROM change)
  SELECT pg_notify('latchkey_outbox', '')`;

function rowOf({ organizationId, provider, change, epoch, current, actor, requestId }: RecordedKeyChange): object {
  const event: KeyChanged = {
    organization_id: organizationId,
    provider,
    change,
    epoch,
    secret_id: current?.secretId ?? null,
    changed_at: new Date().toISOString(),
  };
  const version = current?.version ?? null;
  const row = {
    organization_id: organizationId,
    provider,
    epoch,
    change,
    version,
    actor,
    request_id: requestId ?? null,
  };
  return { ...row, event_id: randomUUID(), event };
}

function noticesOf({ organizationId, current, ...recorded }: RecordedKeyChange): WebhookNotice[] {
  const { provider, change, epoch, reason } = recorded;
  const type = webhookEventOfChange[change];
  if (!type) return [];
  const version = { secret_id: current?.secretId ?? null, version: current?.version ?? null };
  return [{ organizationId, type, data: { provider, change, epoch, ...version, ...(reason && { reason }) } }];
}
