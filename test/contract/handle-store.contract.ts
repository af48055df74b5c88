import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HandleStore, HandleUse, UseOutcome } from '../../apps/resolver/src/handles/handle.store.js';

/** A store to be tried, and the means to let time pass for it. */
export interface HandleStoreOnTrial {
  store: HandleStore;
  /** Resolves when `timeMs` milliseconds have passed on the clock of the store. */
  passTime: (timeMs: number) => Promise<void>;
}

const minute = 60_000;
const replayWindowMs = 5_000;

/** Registers what every adapter of `HandleStore` has to keep. `open` makes a store that answers. */
export function describeHandleStoreContract(adapter: string, open: () => Promise<HandleStoreOnTrial>): void {
  describe(`${adapter} keeps the contract of the handle store:`, () => {
    let store: HandleStore;
    let passTime: HandleStoreOnTrial['passTime'];

    beforeAll(async () => {
      ({ store, passTime } = await open());
    });
    afterAll(() => store.close());

    const putOne = (key: string, bundle: Buffer, ttlMs = minute) => store.put([{ key, bundle, ttlMs }]);
    const takeOne = async (use: HandleUse, windowMs = replayWindowMs) => (await store.take([use], windowMs))[0];

    it('a bundle that was put is found, and no other', async () => {
      const key = randomUUID();
      await putOne(key, Buffer.from('sealed'));
      expect(await store.find(key)).toEqual(Buffer.from('sealed'));
      expect(await store.find(randomUUID())).toBeUndefined();
    });

    it('a thousand bundles are put at once', async () => {
      const bundles = Array.from({ length: 1_000 }, () => ({
        key: randomUUID(),
        bundle: randomBytes(700),
        ttlMs: minute,
      }));
      await store.put(bundles);
      const found = await Promise.all(bundles.map(({ key }) => store.find(key)));
      expect(bundles.filter(({ bundle }, index) => !found[index]?.equals(bundle))).toEqual([]);
    });

    it('every byte comes back as it was, whatever the caller does with the buffer later', async () => {
      const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      for (const bundle of [allBytes, Buffer.from('\r\n$5\r\n\0*1\r\n'), Buffer.alloc(0), randomBytes(100_000)]) {
        const key = randomUUID();
        const before = Buffer.from(bundle);
        await putOne(key, bundle);
        bundle.fill(0x2a);
        expect(before.equals((await store.find(key))!)).toBe(true);
        (await store.find(key))!.fill(0x2a);
        expect(before.equals((await store.find(key))!)).toBe(true);
      }
    });

    it('a bundle put under the same key replaces the first and lives its own time', async () => {
      const key = randomUUID();
      await putOne(key, Buffer.from('first'), 300);
      await putOne(key, Buffer.from('second'));
      await passTime(350);
      expect(await store.find(key)).toEqual(Buffer.from('second'));
    });

    it('a bundle is gone when its time has passed, fractions of a millisecond included', async () => {
      const key = randomUUID();
      await putOne(key, Buffer.from('brief'), 299.5);
      expect(await store.find(key)).toBeDefined();
      await passTime(350);
      expect(await store.find(key)).toBeUndefined();
    });

    it('a bundle without time left is taken without complaint and not kept', async () => {
      const key = randomUUID();
      await putOne(key, Buffer.from('late'), 0);
      await passTime(10);
      expect(await store.find(key)).toBeUndefined();
    });

    it('a handle is taken exactly usesMax times, even by fifty at once', async () => {
      const use = { key: randomUUID(), use: 'stt', usesMax: 7 };
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => takeOne(use, 0)));
      expect(tally(outcomes)).toEqual({ taken: 7, used_up: 43 });
    });

    it('one request that names a handle twice counts it twice', async () => {
      const use = { key: randomUUID(), use: 'stt', usesMax: 1 };
      expect(await store.take([use, use], 0)).toEqual(['taken', 'used_up']);
    });

    it('a used-up handle is replayed inside the window after its last taking, and refused after it', async () => {
      const use = { key: randomUUID(), use: 'stt', usesMax: 2 };
      expect(await takeOne(use, 600)).toBe('taken');
      await passTime(400);
      expect(await takeOne(use, 600)).toBe('taken');
      await passTime(300);
      expect(await takeOne(use, 600)).toBe('replayed');
      await passTime(350);
      expect(await takeOne(use, 600)).toBe('used_up');
    });

    it('a replay does not prolong the window, and a window of 0 replays nothing', async () => {
      const use = { key: randomUUID(), use: 'stt', usesMax: 1 };
      expect(await takeOne(use, 500)).toBe('taken');
      expect(await takeOne(use, 0)).toBe('used_up');
      for (let round = 0; round < 3; round++) {
        await passTime(100);
        expect(await takeOne(use, 500)).toBe('replayed');
      }
      await passTime(250);
      expect(await takeOne(use, 500)).toBe('used_up');
    });

    it('the handles of a call, and the same handle name in two calls, are counted apart and answered in order', async () => {
      const [first, second] = [randomUUID(), randomUUID()];
      const stt = { key: first, use: 'stt', usesMax: 1 };
      const tts = { key: first, use: 'tts', usesMax: 2 };
      const other = { key: second, use: 'stt', usesMax: 1 };
      expect(await store.take([stt, other], 0)).toEqual(['taken', 'taken']);
      expect(await store.take([tts, other, stt, tts, tts], 0)).toEqual([
        'taken',
        'used_up',
        'used_up',
        'taken',
        'used_up',
      ]);
    });

    it('a handle that may not be used at all is used up from the start', async () => {
      expect(await takeOne({ key: randomUUID(), use: 'stt', usesMax: 0 })).toBe('used_up');
    });

    it('putting a bundle again, even after a drop, gives no use back', async () => {
      const use = { key: randomUUID(), use: 'stt', usesMax: 1 };
      await putOne(use.key, Buffer.from('first'));
      expect(await takeOne(use, 0)).toBe('taken');
      await putOne(use.key, Buffer.from('second'));
      expect(await takeOne(use, 0)).toBe('used_up');
      await store.drop([use.key]);
      await putOne(use.key, Buffer.from('third'));
      expect(await takeOne(use, 0)).toBe('used_up');
    });

    it('renewed handles may be used anew, those of other calls may not', async () => {
      const [use, other] = [randomUUID(), randomUUID()].map((key) => ({ key, use: 'stt', usesMax: 1 }));
      for (const each of [use!, other!]) {
        await putOne(each.key, Buffer.from('sealed'));
        expect(await takeOne(each, 0)).toBe('taken');
      }
      await store.renew([use!.key, randomUUID()]);
      expect(await store.find(use!.key)).toEqual(Buffer.from('sealed'));
      expect([await takeOne(use!, 0), await takeOne(other!, 0)]).toEqual(['taken', 'used_up']);
      expect(await takeOne(use!, 0)).toBe('used_up');
    });

    it('a dropped bundle is not found, the others are, and dropping it again is no error', async () => {
      const [gone, kept] = [randomUUID(), randomUUID()];
      await putOne(gone, Buffer.from('gone'));
      await putOne(kept, Buffer.from('kept'));
      await store.drop([gone, randomUUID()]);
      await store.drop([gone]);
      expect(await store.find(gone)).toBeUndefined();
      expect(await store.find(kept)).toEqual(Buffer.from('kept'));
    });

    it('nothing to do is done', async () => {
      await store.put([]);
      await store.drop([]);
      await store.renew([]);
      expect(await store.take([], replayWindowMs)).toEqual([]);
    });

    it('a store that answers is healthy', async () => {
      expect(await store.status()).toEqual({ healthy: true });
    });

    it('a closed store is unhealthy and refuses as unavailable, and closing it again is no error', async () => {
      const { store: closed } = await open();
      await closed.close();
      await closed.close();
      expect(await closed.status()).toEqual({ healthy: false, reason: 'the handle store is closed' });
      const refusal = { kind: 'unavailable', code: 'handle_store_unavailable' };
      await expect(closed.put([{ key: 'k', bundle: Buffer.from('b'), ttlMs: 1 }])).rejects.toMatchObject(refusal);
      await expect(closed.find('k')).rejects.toMatchObject(refusal);
      await expect(closed.take([{ key: 'k', use: 'u', usesMax: 1 }], 0)).rejects.toMatchObject(refusal);
      await expect(closed.drop(['k'])).rejects.toMatchObject(refusal);
      await expect(closed.renew(['k'])).rejects.toMatchObject(refusal);
    });
  });
}

function tally(outcomes: readonly (UseOutcome | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1;
  return counts;
}
