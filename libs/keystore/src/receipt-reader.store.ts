import type { DataSource } from 'typeorm';
import { withinOrganization } from './organization-scope.js';
import { translatingDatabaseErrors } from './database-error.js';
import type { CallRef, ReceiptComponent } from './receipt.store.js';

export interface StoredReceipt {
  callId: string;
  organizationId: string;
  resolvedAt: Date | null;
  endedAt: Date | null;
  components: ReceiptComponent[];
}

/** Reads receipts for the organization they belong to. */
export class ReceiptReaderStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The latest receipt of the call; undefined when the organization has no such call. */
  find(organizationId: string, callId: string): Promise<StoredReceipt | undefined> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      const rows = await manager.query<ReceiptRow[]>(
        `SELECT call_id, organization_id, resolved_at, ended_at, components FROM receipt
         WHERE organization_id = $1 AND call_id = $2 ORDER BY resolved_at DESC NULLS LAST LIMIT 1`,
        [organizationId, callId],
      );
      const row = rows[0];
      return (
        row && {
          callId: row.call_id,
          organizationId: row.organization_id,
          resolvedAt: row.resolved_at,
          endedAt: row.ended_at,
          components: row.components,
        }
      );
    });
  }

  /** What the components of each call got last, in order; undefined where the organization has no such call. */
  async findComponents(calls: readonly CallRef[]): Promise<(ReceiptComponent[] | undefined)[]> {
    const values = [calls.map((call) => call.organizationId), calls.map((call) => call.callId)];
    const rows = await translatingDatabaseErrors(() =>
      this.dataSource.query<{ place: string; components: ReceiptComponent[] }[]>(componentsSql, values),
    );
    const found = new Map(rows.map(({ place, components }) => [Number(place) - 1, components]));
    return calls.map((_, n) => found.get(n));
  }
}

const componentsSql = `
  SELECT DISTINCT ON (q.place) q.place, r.components
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS q (organization_id, call_id, place)
  JOIN receipt r ON r.organization_id = q.organization_id AND r.call_id = q.call_id
  ORDER BY q.place, r.resolved_at DESC NULLS LAST`;

interface ReceiptRow {
  call_id: string;
  organization_id: string;
  resolved_at: Date | null;
  ended_at: Date | null;
  components: ReceiptComponent[];
}
