import { AppError } from '#libs/errors';
import { keyIdOf } from './key-id.js';
import { openFailed } from './open-failed.js';
import { randomSecret } from './random.js';
import { open, seal } from './seal.js';
import type { KeyRef, SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';
import { keyLength } from './subkey.js';
import { tenantKekRef, type TenantKek } from './tenant-kek.js';

/** One version of one slot: what its sealed key is bound to. */
export interface SlotVersionId {
  organizationId: string;
  provider: string;
  version: number;
}

/** An API key at rest: sealed with a DEK of its own, which is wrapped by the organization's KEK. */
export interface SealedApiKey {
  tenantKekVersion: number;
  wrappedDek: Buffer;
  sealedKey: Buffer;
}

/** Seals an API key for one slot version under a fresh DEK; `wrong_tenant_kek` for another organization's KEK. */
export function sealApiKey(kek: TenantKek, id: SlotVersionId, apiKey: SecretBytes): SealedApiKey {
  if (kek.organizationId !== id.organizationId) throw new AppError('internal', 'wrong_tenant_kek');
  const dek = randomSecret(keyLength);
  try {
    return {
      tenantKekVersion: kek.version,
      wrappedDek: seal(kek.key, tenantKekRef(kek), dek, contextOf('dek', id)),
      sealedKey: seal(dek, dekRef(dek, id), apiKey, contextOf('api-key', id)),
    };
  } finally {
    dek.destroy();
  }
}

/** The API key of exactly this slot version, the caller's to destroy; `open_failed` for anything else. */
export function openApiKey(kek: TenantKek, id: SlotVersionId, sealed: SealedApiKey): SecretBytes {
  if (kek.organizationId !== id.organizationId || kek.version !== sealed.tenantKekVersion) throw openFailed();
  const dek = open(kek.key, tenantKekRef(kek), sealed.wrappedDek, contextOf('dek', id));
  try {
    if (dek.byteLength !== keyLength) throw openFailed();
    return open(dek, dekRef(dek, id), sealed.sealedKey, contextOf('api-key', id));
  } finally {
    dek.destroy();
  }
}

function contextOf(recordType: 'dek' | 'api-key', id: SlotVersionId): SealContext {
  return { recordType, fields: [id.organizationId, id.provider, id.version] };
}

/** A DEK serves one slot version and is never replaced by itself: it shares the version's number. */
function dekRef(dek: SecretBytes, id: SlotVersionId): KeyRef {
  return { id: keyIdOf(dek, 'dek'), version: id.version };
}
