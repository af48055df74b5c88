import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';

/** Something that people must be able to look up afterwards. `detail` holds no secret. */
export interface AuditEvent {
  organizationId: string;
  kind: 'redeem_refused';
  callId: string | null;
  detail: Record<string, unknown>;
}

/** The append-only trail of security events. */
export class AuditEventStore {
  private readonly pool: Pool;

  constructor(dataSource: DataSource) {
    this.pool = poolOf(dataSource);
  }

  async append(events: readonly AuditEvent[]): Promise<void> {
    await translatingDatabaseErrors(() =>
      this.pool.query(
        `INSERT INTO audit_event (organization_id, kind, call_id, detail)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[])`,
        [
          events.map((event) => event.organizationId),
          events.map((event) => event.kind),
          events.map((event) => event.callId),
          events.map((event) => JSON.stringify(event.detail)),
        ],
      ),
    );
  }
}
