import type { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import { platformOrganizationId } from './organization-id.js';

/** How many live calls hold a version of a slot. */
export interface LiveCalls {
  slot: string;
  version: number;
  calls: number;
}

/**
 * The live calls that hold keys of this organization: its own, those of its child organizations that inherited the key,
 * for the platform those of everybody. Numbers only, so the rows of others that are read for them stay unseen.
 */
export async function readLiveCalls(dataSource: DataSource, organizationId: string): Promise<LiveCalls[]> {
  const sql = organizationId === platformOrganizationId ? callsOnThePlatformSql : callsOnAnOrganizationSql;
  const parameters = organizationId === platformOrganizationId ? [] : [organizationId];
  const rows = await translatingDatabaseErrors(() => dataSource.query<LiveCallsRow[]>(sql, parameters));
  return rows.map(({ calls, ...row }) => ({ ...row, calls: Number(calls) }));
}

interface LiveCallsRow {
  slot: string;
  version: number;
  calls: string;
}

const counted = `
  SELECT c.component ->> 'slot' AS slot, (c.component ->> 'version')::integer AS version,
    count(DISTINCT (r.organization_id, r.call_id)) AS calls
  FROM receipt r CROSS JOIN LATERAL jsonb_array_elements(r.components) AS c (component)
  WHERE r.ended_at IS NULL AND r.live_until > now()`;

const callsOnThePlatformSql = `${counted} AND c.component ->> 'source' = 'platform' GROUP BY 1, 2`;

const callsOnAnOrganizationSql = `${counted}
    AND r.organization_id IN (SELECT o.id FROM organization o WHERE o.id = $1 OR o.parent_id = $1)
    AND (r.organization_id = $1 AND c.component ->> 'source' = 'tenant'
      OR c.component ->> 'source' = 'inherited' AND (c.component ->> 'inherited_from')::uuid = $1)
  GROUP BY 1, 2`;
