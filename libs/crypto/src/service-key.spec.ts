import { beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryKekProvider } from './memory-kek.provider.js';
import { randomSecret } from './random.js';
import { createServiceKey, unwrapServiceKey } from './service-key.js';
import { cryptoReady } from './sodium.js';
import { createTenantKek } from './tenant-kek.js';

let provider: MemoryKekProvider;

beforeAll(async () => {
  await cryptoReady();
  provider = new MemoryKekProvider();
});

describe('a service key', () => {
  it('comes back as it was made, 32 bytes', async () => {
    const { key, wrapped } = await createServiceKey(provider, 'handle');
    const unwrapped = await unwrapServiceKey(provider, 'handle', wrapped);
    expect(unwrapped.byteLength).toBe(32);
    expect(key.use((made) => unwrapped.use((found) => found.equals(made)))).toBe(true);
  });

  it('is refused for another purpose and in the place of a tenant KEK', async () => {
    const { wrapped } = await createServiceKey(provider, 'handle');
    const tenantKek = await createTenantKek(provider, 'handle', 1);
    for (const [purpose, record] of [
      ['fingerprint', wrapped],
      ['handle', tenantKek.wrapped],
    ] as const) {
      await expect(unwrapServiceKey(provider, purpose, record)).rejects.toMatchObject({ code: 'open_failed' });
    }
  });

  it('is refused when it has not 32 bytes', async () => {
    const wrapped = await provider.wrap(randomSecret(31), { recordType: 'service-key', fields: ['handle'] });
    await expect(unwrapServiceKey(provider, 'handle', wrapped)).rejects.toMatchObject({ code: 'open_failed' });
  });

  it('is not made while the provider cannot be asked', async () => {
    const closed = new MemoryKekProvider();
    closed.close();
    const unavailable = { kind: 'unavailable', code: 'kek_unavailable' };
    await expect(createServiceKey(closed, 'handle')).rejects.toMatchObject(unavailable);
    await expect(createTenantKek(closed, 'a', 1)).rejects.toMatchObject(unavailable);
  });
});
