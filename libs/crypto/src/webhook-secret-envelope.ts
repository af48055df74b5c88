import { AppError } from '#libs/errors';
import { openFailed } from './open-failed.js';
import { open, seal } from './seal.js';
import type { SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';
import { tenantKekRef, type TenantKek } from './tenant-kek.js';

/** The subscription whose receiver shares the secret: what a sealed secret is bound to. */
export interface WebhookSecretId {
  organizationId: string;
  subscriptionId: string;
}

/** Seals the secret of a webhook under the organization's KEK; `wrong_tenant_kek` for another organization's. */
export function sealWebhookSecret(kek: TenantKek, id: WebhookSecretId, secret: SecretBytes): Buffer {
  if (kek.organizationId !== id.organizationId) throw new AppError('internal', 'wrong_tenant_kek');
  return seal(kek.key, tenantKekRef(kek), secret, contextOf(id));
}

/** The secret of exactly this subscription, the caller's to destroy; `open_failed` for anything else. */
export function openWebhookSecret(kek: TenantKek, id: WebhookSecretId, sealed: Buffer): SecretBytes {
  if (kek.organizationId !== id.organizationId) throw openFailed();
  return open(kek.key, tenantKekRef(kek), sealed, contextOf(id));
}

function contextOf({ organizationId, subscriptionId }: WebhookSecretId): SealContext {
  return { recordType: 'webhook-secret', fields: [organizationId, subscriptionId] };
}
