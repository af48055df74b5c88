import { describe, expect, it } from '@jest/globals';
import { SecretBytes } from '#libs/crypto';
import type { KeyProber, ProbeOptions, Verdict } from '#libs/providers';
import { KeyCheckService } from './key-check.service.js';

const slot = { provider: 'elevenlabs', region: 'eu' };

describe('a key that is to be stored', () => {
  /** A service for a provider that says this of every key, and what the provider was asked. */
  function start(verdict: Verdict, checksByDefault = true): { service: KeyCheckService; asked: unknown[] } {
    const asked: unknown[] = [];
    const prober: KeyProber = {
      probe: async (provider: string, _: SecretBytes, options?: ProbeOptions) => {
        asked.push([provider, options?.region]);
        return { verdict, capabilities: {}, ...(verdict === 'rate_limited' && { retryAfterSeconds: 900 }) };
      },
    };
    return { service: new KeyCheckService(prober, checksByDefault), asked };
  }
  const check = (service: KeyCheckService, wanted?: boolean): ReturnType<KeyCheckService['assertNotRejected']> =>
    service.assertNotRejected(slot, SecretBytes.fromUtf8('k'), wanted);

  it('is asked about in the region that its slot is bound to', async () => {
    const { service, asked } = start('valid');
    expect(await check(service)).toEqual({ verdict: { verdict: 'valid', capabilities: {} }, nextCheckAt: null });
    expect(asked).toEqual([['elevenlabs', 'eu']]);
  });

  it('is asked about again when the provider said that it will answer, and counts as unverified until then', async () => {
    const stored = await check(start('rate_limited').service);
    expect(stored?.verdict.verdict).toBe('unverified');
    expect((stored!.nextCheckAt!.getTime() - Date.now()) / 60_000).toBeCloseTo(15, 0);
  });

  it('is not asked about when that is not wanted, by the deployment or by the request', async () => {
    const [off, on] = [start('invalid', false), start('invalid')];
    expect([await check(off.service), await check(on.service, false)]).toEqual([undefined, undefined]);
    expect([off.asked, on.asked]).toEqual([[], []]);
    await expect(check(off.service, true)).rejects.toMatchObject({ code: 'key_rejected' });
  });
});
