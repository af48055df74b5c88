import { beforeAll, describe, expect, it } from '@jest/globals';
import { openApiKey, sealApiKey, type SealedApiKey, type SlotVersionId } from './api-key-envelope.js';
import { keyIdOf } from './key-id.js';
import { randomSecret } from './random.js';
import { SecretBytes } from './secret-bytes.js';
import { cryptoReady } from './sodium.js';
import type { TenantKek } from './tenant-kek.js';

const id: SlotVersionId = { organizationId: 'organization-1', provider: 'deepgram', version: 3 };
const kek: TenantKek = { organizationId: 'organization-1', version: 5, key: randomSecret(32) };
const text = 'canary-api-key';
let sealed: SealedApiKey;

beforeAll(async () => {
  await cryptoReady();
  sealed = sealApiKey(kek, id, SecretBytes.fromUtf8(text));
});

function expectOpenFailed(underKek: TenantKek, asId: SlotVersionId, record: SealedApiKey): void {
  expect(() => openApiKey(underKek, asId, record)).toThrow(expect.objectContaining({ code: 'open_failed' }));
}

describe('a sealed API key', () => {
  it('opens for its organization, provider and version', () => {
    expect(openApiKey(kek, id, sealed).use((bytes) => bytes.toString())).toBe(text);
    expect(sealed.tenantKekVersion).toBe(5);
  });

  it('shows nothing of the key', () => {
    expect(Buffer.concat([sealed.wrappedDek, sealed.sealedKey]).includes('canary')).toBe(false);
  });

  it('is refused for another organization, provider or version', () => {
    expectOpenFailed(kek, { ...id, organizationId: 'organization-2' }, sealed);
    expectOpenFailed(kek, { ...id, provider: 'openai' }, sealed);
    expectOpenFailed(kek, { ...id, version: 4 }, sealed);
  });

  it('is refused under the KEK of another organization or version, even with the same bytes', () => {
    expectOpenFailed({ ...kek, organizationId: 'organization-2' }, { ...id, organizationId: 'organization-2' }, sealed);
    expectOpenFailed({ ...kek, organizationId: 'organization-2' }, id, sealed);
    expectOpenFailed({ ...kek, version: 6 }, id, sealed);
    expectOpenFailed({ ...kek, version: 6 }, id, { ...sealed, tenantKekVersion: 6 });
    expectOpenFailed({ ...kek, key: randomSecret(32) }, id, sealed);
  });

  it('is refused with the DEK or the sealed key of another version, or with the two swapped', () => {
    const other = sealApiKey(kek, { ...id, version: 4 }, SecretBytes.fromUtf8(text));
    const twin = sealApiKey(kek, id, SecretBytes.fromUtf8(text));
    expectOpenFailed(kek, id, { ...sealed, wrappedDek: other.wrappedDek });
    expectOpenFailed(kek, id, { ...sealed, sealedKey: other.sealedKey });
    expectOpenFailed(kek, id, { ...sealed, sealedKey: twin.sealedKey });
    expectOpenFailed(kek, id, { ...sealed, wrappedDek: sealed.sealedKey, sealedKey: sealed.wrappedDek });
  });

  it('names in its headers the KEK and a DEK that no other has', () => {
    const keyIdIn = (record: Buffer): Buffer => record.subarray(8, 24);
    const twin = sealApiKey(kek, id, SecretBytes.fromUtf8(text));
    expect(keyIdIn(sealed.wrappedDek)).toEqual(keyIdOf(kek.key, 'tenant-kek'));
    expect(keyIdIn(twin.wrappedDek)).toEqual(keyIdIn(sealed.wrappedDek));
    expect(keyIdIn(twin.sealedKey)).not.toEqual(keyIdIn(sealed.sealedKey));
  });

  it('is never made with the KEK of another organization', () => {
    expect(() => sealApiKey(kek, { ...id, organizationId: 'organization-2' }, SecretBytes.fromUtf8(text))).toThrow(
      expect.objectContaining({ code: 'wrong_tenant_kek' }),
    );
  });
});
