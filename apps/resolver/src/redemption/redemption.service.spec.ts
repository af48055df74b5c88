import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { cryptoReady, SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { BundledKey } from '../handles/handle-bundle.js';
import { decodeHandle, encodeHandle } from '../handles/handle.codec.js';
import type { RedemptionService } from './redemption.service.js';
import { RedemptionSpec, replayWindowMs, requestFor } from './spec-redemption.js';

describe('RedemptionService', () => {
  let spec: RedemptionSpec;

  beforeAll(cryptoReady);
  beforeEach(() => {
    spec = new RedemptionSpec();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await spec.store.close();
  });

  /** Answers no handle that has been used up, not even the one that used it. */
  const withoutReplay = (usesMax = 1): RedemptionService => spec.service(usesMax, 0);

  describe('an exchange', () => {
    it('gives each handle its own key, in order, after asking the primary for exactly these claims', async () => {
      const [stt, llm, tts] = await spec.issue();
      const { organizationId } = spec;
      expect(await spec.redeem([tts!, stt!, llm!])).toEqual(['sk-tts', 'sk-stt', 'sk-llm']);
      expect(spec.guard.asked).toEqual([
        [
          { organizationId, provider: 'tts-slot', version: 12, epoch: 3, inherited: false },
          { organizationId, provider: 'stt-slot', version: 10, epoch: 1, inherited: false },
          { organizationId, provider: 'llm-slot', version: 11, epoch: 2, inherited: true },
        ],
      ]);
      expect(spec.audited).toEqual([]);
    });

    it('one refused handle does not spoil the others', async () => {
      const [stt, llm] = await spec.issue();
      spec.guard.answer = ({ provider }) => provider !== 'llm-slot';
      expect(await spec.redeem([stt!, llm!, 'nonsense'])).toEqual(['sk-stt', 'key_changed', 'unknown_handle']);
    });
  });

  describe('what is consumed', () => {
    it('nothing, when the primary cannot be asked', async () => {
      const [stt] = await spec.issue();
      spec.guard.available = false;
      await expect(spec.redeem([stt!], {}, withoutReplay())).rejects.toMatchObject({ kind: 'unavailable' });
      spec.guard.available = true;
      expect(await spec.redeem([stt!], {}, withoutReplay())).toEqual(['sk-stt']);
      expect(await spec.redeem([stt!], {}, withoutReplay())).toEqual(['used_up']);
    });

    it('nothing, by a redeem that the primary refuses or that names another call or audience', async () => {
      const [stt] = await spec.issue();
      const counted = spec.store.entryCount;
      spec.guard.answer = () => false;
      expect(await spec.redeem([stt!])).toEqual(['key_changed']);
      spec.guard.answer = () => true;
      expect(await spec.redeem([stt!], { callId: 'call-2' })).toEqual(['wrong_call']);
      expect(await spec.redeem([stt!], { audience: 'post-call' })).toEqual(['wrong_audience']);
      expect(spec.store.entryCount).toBe(counted);
      expect(await spec.redeem([stt!], {}, withoutReplay())).toEqual(['sk-stt']);
    });

    it('one use for each handle, and no more than allowed', async () => {
      const [stt, llm] = await spec.issue();
      const by = withoutReplay(3);
      for (let uses = 0; uses < 3; uses++) expect(await spec.redeem([stt!], {}, by)).toEqual(['sk-stt']);
      expect(await spec.redeem([stt!, llm!], {}, by)).toEqual(['used_up', 'sk-llm']);
    });

    it('nothing, when the use cannot be counted: then there is no key either', async () => {
      const [stt] = await spec.issue();
      jest.spyOn(spec.store, 'take').mockRejectedValueOnce(new AppError('unavailable', 'handle_store_unavailable'));
      await expect(spec.redeem([stt!])).rejects.toMatchObject({ kind: 'unavailable' });
      expect(await spec.redeem([stt!])).toEqual(['sk-stt']);
    });
  });

  describe('a repeated redeem', () => {
    it('is answered again inside the window and refused after it', async () => {
      const [stt] = await spec.issue();
      expect(await spec.redeem([stt!])).toEqual(['sk-stt']);
      spec.now += replayWindowMs;
      expect(await spec.redeem([stt!])).toEqual(['sk-stt']);
      spec.now += 1;
      expect(await spec.redeem([stt!])).toEqual(['used_up']);
    });

    it('is checked on the primary like the first', async () => {
      const [stt] = await spec.issue();
      await spec.redeem([stt!]);
      spec.guard.answer = () => false;
      expect(await spec.redeem([stt!])).toEqual(['key_changed']);
      expect(spec.guard.asked).toHaveLength(2);
    });

    it('of one handle twice in one request is two answers', async () => {
      const [stt] = await spec.issue();
      expect(await spec.redeem([stt!, stt!])).toEqual(['sk-stt', 'sk-stt']);
      const [again] = await spec.issue({ callId: 'call-2' });
      expect(await spec.redeem([again!, again!], { callId: 'call-2' }, withoutReplay())).toEqual(['sk-stt', 'used_up']);
    });
  });

  describe('what is not a handle of ours', () => {
    it('is unknown: garbage, another call’s locator, a wrong token, another component’s token', async () => {
      const [stt, llm] = (await spec.issue()).map((handle) => decodeHandle(handle)!);
      const forged = [
        '',
        'x'.repeat(200),
        encodeHandle({ ...stt!, locator: randomBytes(16) }),
        encodeHandle({ ...stt!, token: randomBytes(32) }),
        encodeHandle({ ...stt!, component: 'llm' }),
        encodeHandle({ ...llm!, token: stt!.token }),
        encodeHandle({ ...stt!, component: 'email' }),
      ];
      expect(await spec.redeem(forged)).toEqual(forged.map(() => 'unknown_handle'));
      expect(spec.guard.asked).toEqual([]);
    });

    it('is unknown: an entry that was changed, moved from another call, or sealed under another key', async () => {
      const [stt] = await spec.issue();
      const [other] = await spec.issue({ callId: 'call-2' });
      const entry = spec.minter.storeKeyOf(decodeHandle(stt!)!.locator, 'call');
      const stolen = (await spec.store.find(spec.minter.storeKeyOf(decodeHandle(other!)!.locator, 'call')))!;
      const changed = (await spec.store.find(entry))!;
      changed[changed.length - 1]! ^= 1;
      for (const bundle of [changed, stolen, Buffer.alloc(0), randomBytes(500)]) {
        await spec.store.put([{ key: entry, bundle, ttlMs: 60_000 }]);
        expect(await spec.redeem([stt!])).toEqual(['unknown_handle']);
      }
    });

    it('is unknown: a handle whose time has passed, however long the store keeps it', async () => {
      const [stt] = await spec.issue({ expiresAt: Date.now() });
      expect(await spec.redeem([stt!])).toEqual(['unknown_handle']);
    });

    it('is unknown: a handle of a call that has ended', async () => {
      const [stt] = await spec.issue();
      await spec.store.drop([spec.minter.storeKeyOfCall(spec.organizationId, 'call-1', 'call')]);
      expect(await spec.redeem([stt!])).toEqual(['unknown_handle']);
    });
  });

  describe('the audit trail', () => {
    it('names who asked for a handle that is another’s, and one that is used up', async () => {
      const [stt] = await spec.issue();
      await spec.redeem([stt!], { callId: 'call-2' });
      await spec.redeem([stt!], { audience: 'intruder' });
      await spec.redeem([stt!], {}, withoutReplay());
      await spec.redeem([stt!], {}, withoutReplay());
      const event = { organizationId: spec.organizationId, kind: 'redeem_refused', callId: 'call-1' };
      const detail = { component: 'stt', provider: 'stt-alias', asked_as: 'orchestrator', asked_for_call: 'call-1' };
      expect(spec.audited).toEqual([
        { ...event, detail: { ...detail, refusal: 'wrong_call', asked_for_call: 'call-2' } },
        { ...event, detail: { ...detail, refusal: 'wrong_audience', asked_as: 'intruder' } },
        { ...event, detail: { ...detail, refusal: 'used_up' } },
      ]);
      expect(JSON.stringify(spec.audited)).not.toContain(stt);
    });

    it('is not filled by changed keys and by garbage', async () => {
      const [stt] = await spec.issue();
      spec.guard.answer = () => false;
      await spec.redeem([stt!, 'garbage']);
      expect(spec.audited).toEqual([]);
    });

    it('that cannot be written means that nothing is handed out', async () => {
      const [stt, llm] = await spec.issue();
      await spec.redeem([stt!], {}, withoutReplay());
      spec.auditAvailable = false;
      await expect(spec.redeem([stt!, llm!], {}, withoutReplay())).rejects.toMatchObject({ kind: 'unavailable' });
    });
  });

  describe('keys in memory', () => {
    /** Every secret that is made from now on. */
    const watchSecrets = (): SecretBytes[] => {
      const made: SecretBytes[] = [];
      const take = SecretBytes.take.bind(SecretBytes);
      jest.spyOn(SecretBytes, 'take').mockImplementation((bytes) => {
        const secret = take(bytes);
        made.push(secret);
        return secret;
      });
      return made;
    };
    const isZeroed = (secret: SecretBytes): boolean => {
      try {
        return secret.use((bytes) => bytes.every((byte) => byte === 0));
      } catch {
        return true;
      }
    };

    it('are zeroed when they are not handed out: refused, not asked for, or on an error', async () => {
      const [stt, llm] = await spec.issue();
      spec.guard.answer = ({ provider }) => provider === 'stt-slot';
      const made = watchSecrets();
      const [redeemed] = await spec.service().redeem(requestFor([stt!, llm!]));
      const handedOut = (redeemed as { key: BundledKey }).key.apiKey;
      expect(made.filter((secret) => !isZeroed(secret))).toEqual([handedOut]);
      handedOut.destroy();

      spec.guard.available = false;
      await expect(spec.service().redeem(requestFor([llm!]))).rejects.toMatchObject({ kind: 'unavailable' });
      expect(made.filter((secret) => !isZeroed(secret))).toEqual([]);
      expect(made.length).toBeGreaterThan(6);
    });
  });
});
