import { postCallComponents } from '#libs/contracts';
import type { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import { platformOrganizationId } from './organization-id.js';

/** How many live calls hold a version of a slot. A call that has ended is live for what works after it, for a time. */
export interface LiveCalls {
  slot: string;
  version: number;
  calls: number;
}

/** The slots of an organization, or one of them. */
export interface AskedSlots {
  organizationId: string;
  provider?: string;
}

/**
 * The live calls that hold keys of these slots: the organization's own, those of its child organizations that inherited
 * the key, for the platform those of everybody. Numbers only, so the rows of others that are read for them stay unseen.
 */
export async function readLiveCalls(
  dataSource: DataSource,
  { organizationId, provider }: AskedSlots,
): Promise<LiveCalls[]> {
  const isPlatform = organizationId === platformOrganizationId;
  const sql = isPlatform ? callsOnThePlatformSql : callsOnAnOrganizationSql;
  const parameters = isPlatform ? [provider ?? null] : [provider ?? null, organizationId];
  const rows = await translatingDatabaseErrors(() => dataSource.query<LiveCallsRow[]>(sql, parameters));
  return rows.map(({ calls, ...row }) => ({ ...row, calls: Number(calls) }));
}

interface LiveCallsRow {
  slot: string;
  version: number;
  calls: string;
}

/**
 * So that partitions of other days are not looked into: a call is live for 72 hours at most (LATCHKEY_CALL_HOURS_MAX)
 * and a day after its end (LATCHKEY_POSTCALL_MINUTES), may have started a day before its event, and its event may have
 * waited for another day.
 */
const daysBack = 6;

const postCallList = postCallComponents.map((component) => `'${component}'`).join(', ');

const counted = `
  SELECT c.component ->> 'slot' AS slot, (c.component ->> 'version')::integer AS version,
    count(DISTINCT (r.organization_id, r.call_id)) AS calls
  FROM receipt r CROSS JOIN LATERAL jsonb_array_elements(r.components) AS c (component)
  WHERE r.live_until > now() AND r.day >= (now() AT TIME ZONE 'UTC')::date - ${daysBack}
    AND (r.ended_at IS NULL OR c.component ->> 'component' IN (${postCallList}))
    AND ($1::text IS NULL OR c.component ->> 'slot' = $1)`;

const callsOnThePlatformSql = `${counted} AND c.component ->> 'source' = 'platform' GROUP BY 1, 2`;

const callsOnAnOrganizationSql = `${counted}
    AND r.organization_id IN (SELECT o.id FROM organization o WHERE o.id = $2 OR o.parent_id = $2)
    AND (r.organization_id = $2 AND c.component ->> 'source' = 'tenant'
      OR c.component ->> 'source' = 'inherited' AND (c.component ->> 'inherited_from')::uuid = $2)
  GROUP BY 1, 2`;
