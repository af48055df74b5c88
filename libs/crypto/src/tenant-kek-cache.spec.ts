import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import { KekProvider } from './kek-provider.port.js';
import { MemoryKekProvider } from './memory-kek.provider.js';
import { randomSecret } from './random.js';
import type { SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';
import { cryptoReady } from './sodium.js';
import { createTenantKek, type TenantKek } from './tenant-kek.js';
import { TenantKekCache } from './tenant-kek-cache.js';

/** A provider that counts, can be sick, and answers in a later turn. */
class WatchedKekProvider extends KekProvider {
  asked = 0;
  sick = false;
  private readonly within = new MemoryKekProvider();

  override status(): Promise<{ healthy: boolean; keyId: string }> {
    return this.within.status();
  }

  override wrap(secret: SecretBytes, context: SealContext): Promise<Buffer> {
    return this.within.wrap(secret, context);
  }

  override async unwrap(wrapped: Buffer, context: SealContext): Promise<SecretBytes> {
    this.asked += 1;
    const { sick } = this;
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (sick) throw new AppError('unavailable', 'kek_unavailable');
    return this.within.unwrap(wrapped, context);
  }

  override close(): void {
    this.within.close();
  }
}

const minuteMs = 60_000;
const sealedError = { kind: 'unavailable', code: 'sealed' };
let provider: WatchedKekProvider;
let nowMs: number;
let cache: TenantKekCache;
let wrapped: Buffer;
let keyBytes: string;

beforeAll(cryptoReady);

beforeEach(async () => {
  provider = new WatchedKekProvider();
  nowMs = 1_000_000;
  cache = new TenantKekCache(provider, { max: 3, now: () => nowMs });
  const created = await createTenantKek(provider, 'a', 1);
  wrapped = created.wrapped;
  keyBytes = bytesOf(created.kek);
});

function bytesOf(kek: TenantKek): string {
  return kek.key.use((bytes) => bytes.toString('hex'));
}

async function unwrapAnother(organizationId: string): Promise<TenantKek> {
  const created = await createTenantKek(provider, organizationId, 1);
  return cache.unwrap(organizationId, 1, created.wrapped);
}

function expectZeroed(kek: TenantKek): void {
  expect(() => bytesOf(kek)).toThrow(expect.objectContaining({ code: 'secret_destroyed' }));
}

describe('TenantKekCache', () => {
  it('unwraps a KEK once and then has it at once', async () => {
    expect(cache.get('a', 1)).toBeUndefined();
    const kek = await cache.unwrap('a', 1, wrapped);
    expect([kek.organizationId, kek.version, bytesOf(kek)]).toEqual(['a', 1, keyBytes]);
    expect(cache.get('a', 1)).toBe(kek);
    await cache.unwrap('a', 1, wrapped);
    expect(provider.asked).toBe(1);
  });

  it('asks once for a hundred callers at one time, and again after a failure', async () => {
    provider.sick = true;
    const refused = await Promise.allSettled(Array.from({ length: 100 }, () => cache.unwrap('a', 1, wrapped)));
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
    expect(provider.asked).toBe(1);
    provider.sick = false;
    const keks = await Promise.all(Array.from({ length: 100 }, () => cache.unwrap('a', 1, wrapped)));
    expect(new Set(keks).size).toBe(1);
    expect(provider.asked).toBe(2);
  });

  it('never takes the KEK of another organization or version', async () => {
    await cache.unwrap('a', 1, wrapped);
    expect(cache.get('a', 2)).toBeUndefined();
    expect(cache.get('b', 1)).toBeUndefined();
    await expect(cache.unwrap('a', 2, wrapped)).rejects.toMatchObject({ code: 'open_failed' });
    await expect(cache.unwrap('b', 1, wrapped)).rejects.toMatchObject({ code: 'open_failed' });
  });

  it('asks the provider again after a minute and zeroes nothing that is in use', async () => {
    const kek = await cache.unwrap('a', 1, wrapped);
    nowMs += minuteMs - 1;
    expect(cache.get('a', 1)).toBe(kek);
    expect(cache.isFresh('a', 1)).toBe(true);
    nowMs += 1;
    expect(cache.isFresh('a', 1)).toBe(false);
    expect(await cache.unwrap('a', 1, wrapped)).toBe(kek);
    expect(bytesOf(kek)).toBe(keyBytes);
    expect(provider.asked).toBe(2);
    expect(cache.get('a', 1)).toBe(kek);
  });

  it('still has a KEK whose minute ends between the question whether it is fresh and its use', async () => {
    const kek = await cache.unwrap('a', 1, wrapped);
    nowMs += minuteMs - 1;
    expect(cache.isFresh('a', 1)).toBe(true);
    nowMs += 1;
    expect(cache.get('a', 1)).toBe(kek);
  });

  it('goes on without the provider until three minutes after the last unwrap, then is sealed', async () => {
    const kek = await cache.unwrap('a', 1, wrapped);
    provider.sick = true;
    nowMs += 3 * minuteMs - 1;
    expect(await cache.unwrap('a', 1, wrapped)).toBe(kek);
    expect(cache.get('a', 1)).toBe(kek);
    nowMs += 1;
    expect(cache.get('a', 1)).toBeUndefined();
    await expect(cache.unwrap('a', 1, wrapped)).rejects.toMatchObject(sealedError);
    expectZeroed(kek);
  });

  it('does not count an unwrap that failed towards the three minutes, and recovers by itself', async () => {
    await cache.unwrap('a', 1, wrapped);
    provider.sick = true;
    for (let minute = 1; minute < 3; minute += 1) {
      nowMs += minuteMs;
      await cache.unwrap('a', 1, wrapped);
    }
    nowMs += minuteMs;
    await expect(cache.unwrap('a', 1, wrapped)).rejects.toMatchObject(sealedError);
    provider.sick = false;
    expect(bytesOf(await cache.unwrap('a', 1, wrapped))).toBe(keyBytes);
  });

  it('does not ask a sick provider again for five seconds', async () => {
    await cache.unwrap('a', 1, wrapped);
    provider.sick = true;
    nowMs += minuteMs;
    await cache.unwrap('a', 1, wrapped);
    nowMs += 4_999;
    await cache.unwrap('a', 1, wrapped);
    expect(provider.asked).toBe(2);
    nowMs += 1;
    await cache.unwrap('a', 1, wrapped);
    expect(provider.asked).toBe(3);
  });

  it('is sealed for a KEK it never had while the provider is sick', async () => {
    provider.sick = true;
    await expect(cache.unwrap('a', 1, wrapped)).rejects.toMatchObject({
      ...sealedError,
      cause: { code: 'kek_unavailable' },
    });
  });

  it('stops using a KEK that the provider says does not open any more', async () => {
    const kek = await cache.unwrap('a', 1, wrapped);
    nowMs += minuteMs;
    await expect(cache.unwrap('a', 1, Buffer.alloc(wrapped.length))).rejects.toMatchObject({ code: 'open_failed' });
    expectZeroed(kek);
  });

  it('zeroes the KEK that was unused for longest when it is full', async () => {
    const kek = await cache.unwrap('a', 1, wrapped);
    const second = await unwrapAnother('b');
    await unwrapAnother('c');
    cache.get('a', 1);
    await unwrapAnother('d');
    expectZeroed(second);
    expect(bytesOf(kek)).toBe(keyBytes);
  });

  it('zeroes what is too old when the provider is asked for something else', async () => {
    const kek = await cache.unwrap('a', 1, wrapped);
    nowMs += 3 * minuteMs;
    await unwrapAnother('b');
    expectZeroed(kek);
  });

  it('zeroes everything on clear, and a KEK that was under way is not held afterwards', async () => {
    const kek = await cache.unwrap('a', 1, wrapped);
    const underWay = unwrapAnother('b');
    await createTenantKek(provider, 'c', 1);
    cache.clear();
    expectZeroed(kek);
    await expect(underWay).rejects.toMatchObject(sealedError);
    expect(cache.get('b', 1)).toBeUndefined();
  });

  it('refuses a KEK that has not 32 bytes', async () => {
    const short = await provider.wrap(randomSecret(16), { recordType: 'tenant-kek', fields: ['a', 1] });
    await expect(cache.unwrap('a', 1, short)).rejects.toMatchObject({ code: 'open_failed' });
  });
});
