import { randomBytes, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { componentNames } from '#libs/contracts';
import { cryptoReady, SecretBytes } from '#libs/crypto';
import { openBundle, sealBundle, type BundledKey, type HandleBundle } from './handle-bundle.js';

const openFailed = expect.objectContaining({ code: 'open_failed' });
const apiKeys = ['sk-one', 'sk-two-ü', 'x'.repeat(512)];

function bundleOf(keys: readonly string[] = apiKeys): HandleBundle {
  return {
    callId: 'call-1',
    organizationId: randomUUID(),
    audience: 'orchestrator',
    expiresAt: 1_800_000_000_000,
    keys: keys.map((apiKey, index): BundledKey => ({
      component: componentNames[index]!,
      provider: `provider-${index}`,
      slot: `slot-${index}`,
      source: index % 2 ? 'platform' : 'tenant',
      ownerId: randomUUID(),
      secretId: randomUUID(),
      version: index + 1,
      epoch: 2 ** 40 + index,
      token: randomBytes(32),
      apiKey: SecretBytes.fromUtf8(apiKey),
    })),
  };
}

function textsOf(bundle: HandleBundle): string[] {
  return bundle.keys.map(({ apiKey }) => apiKey.use((bytes) => bytes.toString()));
}

describe('a bundle of handles', () => {
  let handleKey: SecretBytes;

  beforeAll(async () => {
    await cryptoReady();
    handleKey = SecretBytes.take(randomBytes(32));
  });

  it('opens to the same claims, tokens and keys', () => {
    const bundle = bundleOf();
    const opened = openBundle(handleKey, 'entry', sealBundle(handleKey, 'entry', bundle));
    const claimsOf = ({ keys, ...call }: HandleBundle): unknown => [
      call,
      keys.map(({ apiKey: _apiKey, ...key }) => key),
    ];
    expect(claimsOf(opened)).toEqual(claimsOf(bundle));
    expect(textsOf(opened)).toEqual(apiKeys);
  });

  it('shows nothing of what is inside, and never looks the same twice', () => {
    const bundle = bundleOf();
    const sealed = sealBundle(handleKey, 'entry', bundle);
    const visible = sealed.toString('latin1');
    for (const text of [...apiKeys, bundle.callId, bundle.organizationId, 'orchestrator', bundle.keys[0]!.secretId]) {
      expect(visible).not.toContain(text);
    }
    for (const { token } of bundle.keys) expect(sealed.includes(token)).toBe(false);
    expect(sealBundle(handleKey, 'entry', bundle)).not.toEqual(sealed);
  });

  it('shows of its keys no more than how long they are together', () => {
    const one = sealBundle(handleKey, 'entry', bundleOf(['sk-aaa', 'sk-bbb']));
    const two = sealBundle(handleKey, 'entry', bundleOf(['sk-ccc', 'sk-ddd']));
    expect(one).toHaveLength(two.length);
  });

  it('that was changed in any bit does not open', () => {
    const sealed = sealBundle(handleKey, 'entry', bundleOf(['sk-one']));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => openBundle(handleKey, 'entry', changed)).toThrow(openFailed);
    }
  });

  it('that was cut or lengthened does not open', () => {
    const sealed = sealBundle(handleKey, 'entry', bundleOf(['sk-one']));
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openBundle(handleKey, 'entry', sealed.subarray(0, length))).toThrow(openFailed);
    }
    expect(() => openBundle(handleKey, 'entry', Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow(openFailed);
  });

  it('that was moved to another entry of the store does not open', () => {
    const sealed = sealBundle(handleKey, 'entry', bundleOf());
    expect(() => openBundle(handleKey, 'other', sealed)).toThrow(openFailed);
  });

  it('does not open under another key', () => {
    const sealed = sealBundle(handleKey, 'entry', bundleOf());
    expect(() => openBundle(SecretBytes.take(randomBytes(32)), 'entry', sealed)).toThrow(openFailed);
  });

  it('leaves the keys it was made of in the hands of its maker', () => {
    const bundle = bundleOf();
    sealBundle(handleKey, 'entry', bundle);
    expect(textsOf(bundle)).toEqual(apiKeys);
  });
});
