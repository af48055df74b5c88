import type { FallbackReason, KeySource, UnresolvedReason } from '#libs/contracts';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';

/** What one component of a call got, and why. */
export type ReceiptComponent =
  | {
      component: string;
      provider: string;
      slot: string;
      status: 'resolved';
      source: KeySource;
      secret_id: string;
      version: number;
      epoch: number;
      fallback_reason?: FallbackReason;
      inherited_from?: string;
    }
  | { component: string; provider: string | null; slot: string | null; status: 'unresolved'; reason: UnresolvedReason };

/** The durable record of a call, one per call. */
export interface Receipt {
  organizationId: string;
  callId: string;
  /** UTC day of the event that started the call, `YYYY-MM-DD`. */
  day: string;
  resolvedAt: Date;
  /** When a call whose end is never reported stops counting as live; once it has ended, its post-call components. */
  liveUntil: Date;
  components: readonly ReceiptComponent[];
}

export interface CallRef {
  organizationId: string;
  callId: string;
}

/** The end of a call. */
export interface CallEnd extends CallRef {
  endedAt: Date;
  /** Until when its post-call components may be resolved. */
  liveUntil: Date;
}

/** The receipt of a call that had ended before it was resolved (again). */
export type EndedReceipt = Pick<Receipt, 'organizationId' | 'callId' | 'day' | 'liveUntil' | 'components'>;

/** Receipts as the resolver writes them: batches, one round trip each. */
export class ReceiptStore {
  private readonly pool: Pool;

  constructor(dataSource: DataSource) {
    this.pool = poolOf(dataSource);
  }

  /**
   * Writes the receipts; a call resolved again keeps one row that says what it got last. The receipt of a call that has
   * ended stays as it is, also when it is filed under the day before.
   * @returns the receipts of the calls among them that have ended already.
   */
  async insert(receipts: readonly Receipt[]): Promise<EndedReceipt[]> {
    const rows = lastPerCall(receipts);
    const result = await translatingDatabaseErrors(() =>
      this.pool.query<EndedReceipt>({ name: 'receipts-insert', text: insertSql, values: [JSON.stringify(rows)] }),
    );
    return result.rows;
  }

  /** Replaces what the receipts of ended calls say. */
  async amend(receipts: readonly Receipt[]): Promise<void> {
    const values = [JSON.stringify(lastPerCall(receipts))];
    await translatingDatabaseErrors(() => this.pool.query({ name: 'receipts-amend', text: amendSql, values }));
  }

  /** Marks calls as ended. A call nobody resolved yet gets a row too, so that a late start finds it ended. */
  async end(calls: readonly CallEnd[]): Promise<void> {
    const values = [
      calls.map((call) => call.organizationId),
      calls.map((call) => call.callId),
      calls.map((call) => call.endedAt.toISOString()),
      calls.map((call) => call.liveUntil.toISOString()),
    ];
    await translatingDatabaseErrors(() => this.pool.query({ name: 'receipts-end', text: endSql, values }));
  }
}

/** A statement may not touch a row twice: of a call that is there twice, the last one counts. */
function lastPerCall(receipts: readonly Receipt[]): Receipt[] {
  return [...new Map(receipts.map((receipt) => [`${receipt.organizationId} ${receipt.callId}`, receipt])).values()];
}

const recordset = `
  json_to_recordset($1) AS r ("organizationId" uuid, "callId" text, day date,
    "resolvedAt" timestamptz, "liveUntil" timestamptz, components jsonb)`;

/** Who works after a call, past midnight, may not say under which day it is filed. */
const filedUnder = `
  coalesce((SELECT o.day FROM receipt o WHERE o.organization_id = r."organizationId" AND o.call_id = r."callId"
    AND o.day = r.day - 1 AND o.ended_at IS NOT NULL), r.day)`;

const insertSql = `
  WITH written AS (
    INSERT INTO receipt (organization_id, call_id, day, resolved_at, live_until, components)
    SELECT "organizationId", "callId", ${filedUnder}, "resolvedAt", "liveUntil", components FROM ${recordset}
    ON CONFLICT (organization_id, call_id, day) DO UPDATE
      SET resolved_at = EXCLUDED.resolved_at,
        live_until = CASE WHEN receipt.ended_at IS NULL THEN EXCLUDED.live_until ELSE receipt.live_until END,
        components = CASE WHEN receipt.ended_at IS NULL THEN EXCLUDED.components ELSE receipt.components END
      WHERE receipt.components <> EXCLUDED.components OR receipt.ended_at IS NOT NULL
    RETURNING organization_id, call_id, day, ended_at, live_until, components)
  SELECT organization_id AS "organizationId", call_id AS "callId", day::text, live_until AS "liveUntil", components
  FROM written WHERE ended_at IS NOT NULL`;

const amendSql = `
  UPDATE receipt SET components = r.components
  FROM ${recordset}
  WHERE receipt.organization_id = r."organizationId" AND receipt.call_id = r."callId" AND receipt.day = r.day`;

const endSql = `
  WITH ended AS (
    SELECT DISTINCT ON (organization_id, call_id) *
    FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[])
      AS e (organization_id, call_id, ended_at, live_until)
    ORDER BY organization_id, call_id, ended_at),
  marked AS (
    UPDATE receipt r SET ended_at = coalesce(r.ended_at, e.ended_at),
      live_until = CASE WHEN r.ended_at IS NULL THEN e.live_until ELSE r.live_until END
    FROM ended e
    WHERE r.organization_id = e.organization_id AND r.call_id = e.call_id
    RETURNING r.organization_id, r.call_id)
  INSERT INTO receipt (organization_id, call_id, day, live_until, ended_at, components)
  SELECT organization_id, call_id, (ended_at AT TIME ZONE 'UTC')::date, live_until, ended_at, '[]'
  FROM ended e
  WHERE NOT EXISTS (SELECT FROM marked m WHERE m.organization_id = e.organization_id AND m.call_id = e.call_id)
    AND EXISTS (SELECT FROM organization o WHERE o.id = e.organization_id)
  ON CONFLICT (organization_id, call_id, day) DO UPDATE
    SET ended_at = coalesce(receipt.ended_at, EXCLUDED.ended_at),
      live_until = CASE WHEN receipt.ended_at IS NULL THEN EXCLUDED.live_until ELSE receipt.live_until END`;
