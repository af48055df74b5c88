import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cryptoReady, randomSecret, SecretBytes, type KekProvider, type SealContext } from '#libs/crypto';

/** Makes providers for the suite, each call one with a root KEK of its own. */
export interface KekProviderFactory {
  name: string;
  create(): Promise<KekProvider>;
}

const context: SealContext = { recordType: 'tenant-kek', fields: ['organization-1', 1] };

/** What every `KekProvider` promises, registered for one adapter. */
export function kekProviderContract(factory: KekProviderFactory): void {
  describe(`KEK provider: ${factory.name}`, () => {
    let provider: KekProvider;
    let other: KekProvider;
    let secret: SecretBytes;
    let wrapped: Buffer;

    beforeAll(async () => {
      await cryptoReady();
      provider = await factory.create();
      other = await factory.create();
      secret = randomSecret(32);
      wrapped = await provider.wrap(secret, context);
    });

    afterAll(() => {
      provider.close();
      other.close();
    });

    const expectOpenFailed = (record: Buffer, under: SealContext = context, by = provider): Promise<void> =>
      expect(by.unwrap(record, under)).rejects.toMatchObject({ kind: 'internal', code: 'open_failed' });

    it('unwraps what it wrapped, any number of times', async () => {
      for (let time = 0; time < 3; time += 1) {
        const unwrapped = await provider.unwrap(wrapped, context);
        expect(secret.use((a) => unwrapped.use((b) => a.equals(b)))).toBe(true);
        unwrapped.destroy();
      }
    });

    it('serves many at one time without mixing them up', async () => {
      const names = Array.from({ length: 50 }, (_, index) => `key ${index}`);
      const answers = names.map(async (name) => {
        const under: SealContext = { recordType: 'service-key', fields: [name] };
        const unwrapped = await provider.unwrap(await provider.wrap(SecretBytes.fromUtf8(name), under), under);
        return unwrapped.use((bytes) => bytes.toString());
      });
      expect(await Promise.all(answers)).toEqual(names);
    });

    it('leaves the secret to its owner', () => {
      expect(secret.use((bytes) => bytes.equals(Buffer.alloc(32)))).toBe(false);
    });

    it('never wraps to the same bytes twice and shows nothing of the secret', async () => {
      expect((await provider.wrap(secret, context)).equals(wrapped)).toBe(false);
      expect(secret.use((bytes) => wrapped.includes(bytes.subarray(0, 8)))).toBe(false);
    });

    it('refuses another organization, version or record type', async () => {
      await expectOpenFailed(wrapped, { ...context, fields: ['organization-2', 1] });
      await expectOpenFailed(wrapped, { ...context, fields: ['organization-1', 2] });
      await expectOpenFailed(wrapped, { ...context, recordType: 'service-key' });
    });

    it('refuses what is changed, cut, longer or empty', async () => {
      for (let at = 0; at < wrapped.length; at += 1) {
        const changed = Buffer.from(wrapped);
        changed[at] = changed.readUInt8(at) ^ 1;
        await expectOpenFailed(changed);
      }
      await expectOpenFailed(wrapped.subarray(0, -1));
      await expectOpenFailed(Buffer.concat([wrapped, Buffer.alloc(1)]));
      await expectOpenFailed(Buffer.alloc(0));
    });

    it('refuses what another root KEK wrapped', async () => {
      await expectOpenFailed(wrapped, context, other);
    });

    it('is healthy and names its root KEK by an id that stays, and that no other has', async () => {
      const { healthy, keyId } = await provider.status();
      expect(healthy).toBe(true);
      expect(keyId).toMatch(/^[0-9a-f]{32,}$/);
      expect((await provider.status()).keyId).toBe(keyId);
      expect((await other.status()).keyId).not.toBe(keyId);
    });

    it('says so when it cannot be asked any more, as often as it is closed', async () => {
      const closed = await factory.create();
      const before = await closed.status();
      closed.close();
      closed.close();
      const unavailable = { kind: 'unavailable', code: 'kek_unavailable' };
      await expect(closed.wrap(secret, context)).rejects.toMatchObject(unavailable);
      await expect(closed.unwrap(wrapped, context)).rejects.toMatchObject(unavailable);
      expect(await closed.status()).toEqual({ ...before, healthy: false });
    });
  });
}
