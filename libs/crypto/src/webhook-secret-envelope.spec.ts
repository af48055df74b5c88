import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomSecret } from './random.js';
import { SecretBytes } from './secret-bytes.js';
import { cryptoReady } from './sodium.js';
import type { TenantKek } from './tenant-kek.js';
import { openWebhookSecret, sealWebhookSecret } from './webhook-secret-envelope.js';

const id = { organizationId: 'acme', subscriptionId: 'first' };

describe('the sealed secret of a webhook', () => {
  let kek: TenantKek;

  beforeAll(async () => {
    await cryptoReady();
    kek = { organizationId: 'acme', version: 1, key: randomSecret(32) };
  });

  it('opens as what was sealed', () => {
    const sealed = sealWebhookSecret(kek, id, SecretBytes.fromUtf8('whsec_of_acme'));
    expect(openWebhookSecret(kek, id, sealed).use(String)).toBe('whsec_of_acme');
  });

  it('opens for no other subscription, organization or KEK', () => {
    const sealed = sealWebhookSecret(kek, id, SecretBytes.fromUtf8('whsec_of_acme'));
    const attempts = [
      () => openWebhookSecret(kek, { ...id, subscriptionId: 'second' }, sealed),
      () => openWebhookSecret({ ...kek, organizationId: 'other' }, { ...id, organizationId: 'other' }, sealed),
      () => openWebhookSecret(kek, { ...id, organizationId: 'other' }, sealed),
      () => openWebhookSecret({ ...kek, version: 2 }, id, sealed),
      () => openWebhookSecret({ ...kek, key: randomSecret(32) }, id, sealed),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(expect.objectContaining({ code: 'open_failed' }));
  });

  it("is not sealed with another organization's KEK", () => {
    const secret = SecretBytes.fromUtf8('whsec_of_acme');
    expect(() => sealWebhookSecret(kek, { ...id, organizationId: 'other' }, secret)).toThrow(
      expect.objectContaining({ code: 'wrong_tenant_kek' }),
    );
  });
});
