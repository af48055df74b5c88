import type { KekProvider } from './kek-provider.port.js';
import { keyIdOf } from './key-id.js';
import { randomSecret } from './random.js';
import type { KeyRef, SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';
import { keyLength } from './subkey.js';

/** An unwrapped tenant KEK: 32 bytes that wrap every DEK of one organization. */
export interface TenantKek {
  organizationId: string;
  version: number;
  key: SecretBytes;
}

/** Draws a tenant KEK and wraps it under the root KEK; the caller destroys `kek.key`. */
export async function createTenantKek(
  provider: KekProvider,
  organizationId: string,
  version: number,
): Promise<{ kek: TenantKek; wrapped: Buffer }> {
  const key = randomSecret(keyLength);
  try {
    const wrapped = await provider.wrap(key, tenantKekContext(organizationId, version));
    return { kek: { organizationId, version, key }, wrapped };
  } catch (error) {
    key.destroy();
    throw error;
  }
}

/** How records that a tenant KEK seals name it. */
export function tenantKekRef(kek: TenantKek): KeyRef {
  return { id: keyIdOf(kek.key, 'tenant-kek'), version: kek.version };
}

export function tenantKekContext(organizationId: string, version: number): SealContext {
  return { recordType: 'tenant-kek', fields: [organizationId, version] };
}
