import type { FallbackReason, KeySource } from '#libs/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import type { SlotId } from './slot-change.js';
import { queueWebhooks, type WebhookNotice } from './webhook-queue.js';

/** A call that ran on another's key than the slot's own. */
export interface FallbackUse extends SlotId {
  callId: string;
  component: string;
  reason: FallbackReason;
  source: KeySource;
}

const expiringDays = 7;
const fallbackNoticeHours = 1;

/** Tells organizations, by webhook, of what happens to their slots without anybody changing them. */
export class SlotNoticeStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Tells of up to `limit` keys that expire within a week, once for each date; several processes share the work.
   * @returns how many it told of.
   */
  async tellOfExpiring(limit: number): Promise<number> {
    return this.inTransaction(async (manager) => {
      const slots = rowsOf<ExpiringRow>(await manager.query(expiringSql, [limit]));
      await queueWebhooks(manager, slots.map(expiryNotice));
      return slots.length;
    });
  }

  /** Tells of slots whose key could not be used in a call, of each slot once an hour at most. */
  async tellOfFallbacks(uses: readonly FallbackUse[]): Promise<void> {
    const bySlot = new Map(uses.map((use) => [`${use.organizationId} ${use.provider}`, use]));
    const values = [...bySlot.values()];
    const ids = [values.map((use) => use.organizationId), values.map((use) => use.provider)];
    await this.inTransaction(async (manager) => {
      const slots = rowsOf<SlotRow>(await manager.query(fallbackSql, ids));
      const told = slots.map((slot) => bySlot.get(`${slot.organization_id} ${slot.provider}`)!);
      await queueWebhooks(manager, told.map(fallbackNotice));
    });
  }

  private inTransaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return translatingDatabaseErrors(() => this.dataSource.transaction(work));
  }
}

interface SlotRow {
  organization_id: string;
  provider: string;
}

interface ExpiringRow extends SlotRow {
  secret_id: string;
  version: number;
  expires_at: Date;
}

function expiryNotice(slot: ExpiringRow): WebhookNotice {
  const { organization_id: organizationId, provider, secret_id, version } = slot;
  const data = { provider, secret_id, version, expires_at: slot.expires_at.toISOString() };
  return { organizationId, type: 'byok.key.expiring', data };
}

function fallbackNotice(use: FallbackUse): WebhookNotice {
  const { organizationId, provider, reason, source, callId, component } = use;
  return { organizationId, type: 'byok.fallback.used', data: { provider, reason, source, call_id: callId, component } };
}

/** TypeORM answers an UPDATE with its rows and their number. */
function rowsOf<T>(answer: [rows: T[], count: number]): T[] {
  return answer[0];
}

const expiringSql = `
  WITH expiring AS (
    SELECT organization_id, provider FROM key_slot
    WHERE expires_at > now() AND expires_at <= now() + make_interval(days => ${expiringDays})
      AND state IN ('active', 'quarantined') AND expiry_notified_for IS DISTINCT FROM expires_at
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
  UPDATE key_slot s SET expiry_notified_for = s.expires_at
  FROM expiring e, key_version v
  WHERE s.organization_id = e.organization_id AND s.provider = e.provider
    AND v.organization_id = s.organization_id AND v.provider = s.provider AND v.version = s.current_version
  RETURNING s.organization_id, s.provider, s.expires_at, v.secret_id, v.version`;

/** A slot that somebody else is changing at this moment is told of at its next call. */
const fallbackSql = `
  WITH silent AS (
    SELECT s.organization_id, s.provider FROM key_slot s
    JOIN unnest($1::uuid[], $2::text[]) AS q (organization_id, provider) USING (organization_id, provider)
    WHERE s.fallback_notified_at IS NULL OR s.fallback_notified_at < now() - make_interval(hours => ${fallbackNoticeHours})
    FOR UPDATE OF s SKIP LOCKED)
  UPDATE key_slot s SET fallback_notified_at = now() FROM silent
  WHERE s.organization_id = silent.organization_id AND s.provider = silent.provider
  RETURNING s.organization_id, s.provider`;
