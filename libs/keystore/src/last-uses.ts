import type { EntityManager } from 'typeorm';

/** Uses that lie further back are not looked for: receipts are kept by day. */
const daysBack = 30;

/** When calls of the organization itself last got the key of each of its slots, by provider. */
export async function readLastUses(manager: EntityManager, organizationId: string): Promise<Map<string, Date>> {
  const rows = await manager.query<{ slot: string; used_at: Date }[]>(lastUsesSql, [organizationId]);
  return new Map(rows.map((row) => [row.slot, row.used_at]));
}

const lastUsesSql = `
  SELECT c.component ->> 'slot' AS slot, max(r.resolved_at) AS used_at
  FROM receipt r CROSS JOIN LATERAL jsonb_array_elements(r.components) AS c (component)
  WHERE r.organization_id = $1 AND r.day > (now() AT TIME ZONE 'UTC')::date - ${daysBack}
    AND c.component ->> 'source' = 'tenant'
  GROUP BY 1`;
