import type { KekProvider } from './kek-provider.port.js';
import { openFailed } from './open-failed.js';
import { randomSecret } from './random.js';
import type { SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';
import { keyLength } from './subkey.js';

/** Draws a 32-byte key of the service itself and wraps it under the root KEK; the caller destroys the key. */
export async function createServiceKey(
  provider: KekProvider,
  purpose: string,
): Promise<{ key: SecretBytes; wrapped: Buffer }> {
  const key = randomSecret(keyLength);
  try {
    return { key, wrapped: await provider.wrap(key, contextOf(purpose)) };
  } catch (error) {
    key.destroy();
    throw error;
  }
}

/** The service key wrapped for this very purpose; errors as of `KekProvider.unwrap`. */
export async function unwrapServiceKey(provider: KekProvider, purpose: string, wrapped: Buffer): Promise<SecretBytes> {
  const key = await provider.unwrap(wrapped, contextOf(purpose));
  if (key.byteLength === keyLength) return key;
  key.destroy();
  throw openFailed();
}

function contextOf(purpose: string): SealContext {
  return { recordType: 'service-key', fields: [purpose] };
}
