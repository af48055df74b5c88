import { randomBytes, randomUUID } from 'node:crypto';
import { createTenantKek, LocalFileKekProvider, sealApiKey, SecretBytes, type SealedApiKey } from '#libs/crypto';
import { createDataSource, migrate, poolOf, ServiceKeyStore } from '#libs/keystore';
import type { Pool } from 'pg';
import { providers } from './call-load.js';

export interface Seeding {
  databaseUrl: string;
  /** Made when it is missing. */
  kekFile: string;
  organizationCount: number;
}

const chunkLength = 500;

/** Brings an empty database to the schema and fills it with organizations, one sealed key per provider each; their ids. */
export async function seedOrganizations({ databaseUrl, kekFile, organizationCount }: Seeding): Promise<string[]> {
  const dataSource = createDataSource({ url: databaseUrl, applicationName: 'bench-seed', timeoutMs: 30_000 });
  await dataSource.initialize();
  const kekProvider = await LocalFileKekProvider.open(kekFile, { createIfMissing: true });
  try {
    await migrate(dataSource);
    await new ServiceKeyStore(dataSource, kekProvider).ensureAll();
    const ids = Array.from({ length: organizationCount }, () => randomUUID());
    for (let start = 0; start < ids.length; start += chunkLength) {
      const organizations = await Promise.all(
        ids.slice(start, start + chunkLength).map((id) => sealedOrganization(id, kekProvider)),
      );
      await insert(poolOf(dataSource), organizations, await kekProvider.status());
    }
    await dataSource.query('ANALYZE');
    return ids;
  } finally {
    kekProvider.close();
    await dataSource.destroy();
  }
}

interface SealedOrganization {
  id: string;
  wrappedKek: Buffer;
  keys: { provider: string; sealed: SealedApiKey }[];
}

async function sealedOrganization(id: string, kekProvider: LocalFileKekProvider): Promise<SealedOrganization> {
  const { kek, wrapped } = await createTenantKek(kekProvider, id, 1);
  const keys = providers.map((provider) => {
    const apiKey = SecretBytes.fromUtf8(`sk-${provider}-${randomBytes(24).toString('hex')}`);
    const sealed = sealApiKey(kek, { organizationId: id, provider, version: 1 }, apiKey);
    apiKey.destroy();
    return { provider, sealed };
  });
  kek.key.destroy();
  return { id, wrappedKek: wrapped, keys };
}

async function insert(
  pool: Pool,
  organizations: readonly SealedOrganization[],
  { keyId }: { keyId: string },
): Promise<void> {
  const keys = organizations.flatMap(({ id, keys: sealedKeys }) => sealedKeys.map((key) => ({ id, ...key })));
  await pool.query(insertOrganizationsSql, [
    organizations.map(({ id }) => id),
    organizations.map(({ wrappedKek }) => wrappedKek),
    keyId,
  ]);
  const [owners, names] = [keys.map(({ id }) => id), keys.map(({ provider }) => provider)];
  await pool.query(insertSlotsSql, [owners, names]);
  await pool.query(insertVersionsSql, [
    owners,
    names,
    keys.map(() => randomUUID()),
    keys.map(({ sealed }) => sealed.wrappedDek),
    keys.map(({ sealed }) => sealed.sealedKey),
  ]);
}

const insertOrganizationsSql = `
  WITH added AS (
    INSERT INTO organization (id, name) SELECT id, 'organization ' || id FROM unnest($1::uuid[]) AS id)
  INSERT INTO tenant_kek (organization_id, version, wrapped, root_kek_id)
  SELECT id, 1, wrapped, $3 FROM unnest($1::uuid[], $2::bytea[]) AS o (id, wrapped)`;

const insertSlotsSql = `
  INSERT INTO key_slot (organization_id, provider, epoch, state, current_version, last_version)
  SELECT id, provider, 1, 'active', 1, 1 FROM unnest($1::uuid[], $2::text[]) AS s (id, provider)`;

const insertVersionsSql = `
  INSERT INTO key_version (organization_id, provider, version, secret_id, state, fingerprint, tenant_kek_version,
    wrapped_dek, sealed_key, created_by)
  SELECT id, provider, 1, secret_id, 'active', '\\x00', 1, wrapped_dek, sealed_key, 'bench'
  FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[], $5::bytea[])
    AS v (id, provider, secret_id, wrapped_dek, sealed_key)`;
