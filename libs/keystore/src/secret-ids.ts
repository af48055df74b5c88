import type { EntityManager } from 'typeorm';

/** The secret id of every slot of the organization that has a current key, by provider. */
export async function readSecretIds(manager: EntityManager, organizationId: string): Promise<Map<string, string>> {
  const rows = await manager.query<{ provider: string; secret_id: string }[]>(
    `SELECT s.provider, v.secret_id FROM key_slot s
     JOIN key_version v ON v.organization_id = s.organization_id AND v.provider = s.provider
       AND v.version = s.current_version
     WHERE s.organization_id = $1`,
    [organizationId],
  );
  return new Map(rows.map((row) => [row.provider, row.secret_id]));
}
