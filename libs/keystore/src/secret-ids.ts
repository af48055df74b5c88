import type { Pool } from 'pg';
import type { EntityManager } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';

interface SecretIdRow {
  provider: string;
  secret_id: string;
}

/** The secret id of every slot of the organization that has a current key, by provider. */
export async function readSecretIds(manager: EntityManager, organizationId: string): Promise<Map<string, string>> {
  return secretIdsOf(await manager.query<SecretIdRow[]>(secretIdsSql('$1'), [organizationId]));
}

/** The same outside of a transaction: a prepared statement. */
export async function readSecretIdsFast(pool: Pool, organizationId: string): Promise<Map<string, string>> {
  const query = { name: 'secret-ids', text: secretIdsSql('$1'), values: [organizationId] };
  const { rows } = await translatingDatabaseErrors(() => pool.query<SecretIdRow>(query));
  return secretIdsOf(rows);
}

/** `organizationId` is an expression of SQL. */
export function secretIdsSql(organizationId: string): string {
  return `
  SELECT s.provider, v.secret_id FROM key_slot s
  JOIN key_version v ON v.organization_id = s.organization_id AND v.provider = s.provider
    AND v.version = s.current_version
  WHERE s.organization_id = ${organizationId}`;
}

function secretIdsOf(rows: readonly SecretIdRow[]): Map<string, string> {
  return new Map(rows.map((row) => [row.provider, row.secret_id]));
}
