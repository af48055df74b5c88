import { openWebhookSecret, type SecretBytes, type WebhookSecretId } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { TenantKekStore } from './tenant-kek.store.js';

/** A subscription's secrets as they are stored; the previous one while it still counts. */
export interface SealedSecrets {
  kekVersion: number;
  secret: Buffer;
  previousKekVersion: number | null;
  previousSecret: Buffer | null;
}

/** Opens the secrets of webhooks, to sign with them. */
export class WebhookSecretReader {
  constructor(private readonly tenantKeks: TenantKekStore) {}

  /** The newest first, the caller's to destroy. Throws `unavailable` (`sealed`) without the KEK, `open_failed` else. */
  async open(id: WebhookSecretId, sealed: SealedSecrets): Promise<SecretBytes[]> {
    const { organizationId } = id;
    const records = [{ version: sealed.kekVersion, secret: sealed.secret }];
    if (sealed.previousSecret && sealed.previousKekVersion !== null) {
      records.push({ version: sealed.previousKekVersion, secret: sealed.previousSecret });
    }
    await this.tenantKeks.load(records.map(({ version }) => ({ organizationId, version })));
    return records.map(({ version, secret }) => {
      const kek = this.tenantKeks.held({ organizationId, version });
      if (!kek) throw new AppError('unavailable', 'sealed', { message: 'The tenant KEK cannot be unwrapped.' });
      return openWebhookSecret(kek, id, secret);
    });
  }
}
