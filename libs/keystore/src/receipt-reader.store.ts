import type { DataSource } from 'typeorm';
import { withinOrganization } from './organization-scope.js';
import type { ReceiptComponent } from './receipt.store.js';

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
}

interface ReceiptRow {
  call_id: string;
  organization_id: string;
  resolved_at: Date | null;
  ended_at: Date | null;
  components: ReceiptComponent[];
}
