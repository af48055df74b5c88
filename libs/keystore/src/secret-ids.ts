import type { Pool } from 'pg';
import type { EntityManager } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';

interface SecretIdRow {
  organization_id: string;
  provider: string;
  secret_id: string;
}

/** The secret id of every slot of the organization that has a current key, by provider. */
export async function readSecretIds(manager: EntityManager, organizationId: string): Promise<Map<string, string>> {
  const rows = await manager.query<SecretIdRow[]>(secretIdsSql, [[organizationId]]);
  return secretIdsOf([organizationId], rows)[0]!;
}

/** The same for several organizations in their order, outside of a transaction: for the read that clients make most. */
export async function readSecretIdsOfAll(
  pool: Pool,
  organizationIds: readonly string[],
): Promise<Map<string, string>[]> {
  const query = { name: 'secret-ids', text: secretIdsSql, values: [organizationIds] };
  const { rows } = await translatingDatabaseErrors(() => pool.query<SecretIdRow>(query));
  return secretIdsOf(organizationIds, rows);
}

function secretIdsOf(organizationIds: readonly string[], rows: readonly SecretIdRow[]): Map<string, string>[] {
  const found = new Map(organizationIds.map((id) => [id, new Map<string, string>()]));
  for (const { organization_id: id, provider, secret_id } of rows) found.get(id)!.set(provider, secret_id);
  return organizationIds.map((id) => found.get(id)!);
}

const secretIdsSql = `
  SELECT s.organization_id, s.provider, v.secret_id FROM key_slot s
  JOIN key_version v ON v.organization_id = s.organization_id AND v.provider = s.provider
    AND v.version = s.current_version
  WHERE s.organization_id = ANY($1)`;
