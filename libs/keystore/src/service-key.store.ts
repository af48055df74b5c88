import { createServiceKey, unwrapServiceKey, type KekProvider, type SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';

/** What the service itself needs keys for. */
export const serviceKeyPurposes = ['handle', 'token-hash', 'fingerprint', 'idempotency'] as const;
export type ServiceKeyPurpose = (typeof serviceKeyPurposes)[number];

/** Whether the database holds anything that only an existing root KEK opens: then a new one must not be made. */
export async function holdsSealedKeys(dataSource: DataSource): Promise<boolean> {
  return translatingDatabaseErrors(async () => {
    const [table] = await dataSource.query<{ exists: boolean }[]>(
      `SELECT to_regclass('service_key') IS NOT NULL AS exists`,
    );
    if (!table?.exists) return false;
    const rows = await dataSource.query<unknown[]>('SELECT FROM service_key LIMIT 1');
    return rows.length > 0;
  });
}

/** Keys of the service itself: drawn once, stored only wrapped by the root KEK, the same in every process. */
export class ServiceKeyStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly provider: KekProvider,
  ) {}

  /** Makes the keys that do not exist yet; processes that start at once end with the same ones. */
  async ensureAll(): Promise<void> {
    for (const purpose of serviceKeyPurposes) {
      if (await this.findWrapped(purpose)) continue;
      const { key, wrapped } = await createServiceKey(this.provider, purpose);
      key.destroy();
      await translatingDatabaseErrors(() =>
        this.dataSource.query(`INSERT INTO service_key (purpose, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
          purpose,
          wrapped,
        ]),
      );
    }
  }

  /** The unwrapped key; `unavailable` when config-api has not made it yet. */
  async get(purpose: ServiceKeyPurpose): Promise<SecretBytes> {
    const wrapped = await this.findWrapped(purpose);
    if (!wrapped) {
      throw new AppError('unavailable', 'service_key_missing', {
        message: 'The database has no service keys yet: start config-api once, it prepares the database.',
      });
    }
    return unwrapServiceKey(this.provider, purpose, wrapped);
  }

  private async findWrapped(purpose: ServiceKeyPurpose): Promise<Buffer | undefined> {
    const rows = await translatingDatabaseErrors(() =>
      this.dataSource.query<{ wrapped: Buffer }[]>(`SELECT wrapped FROM service_key WHERE purpose = $1`, [purpose]),
    );
    return rows[0]?.wrapped;
  }
}
