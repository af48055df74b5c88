import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SecretBytes } from '#libs/crypto';
import type { DueCheck, KeyVerdictStore } from '#libs/keystore';
import type { KeyProber, ProbeOptions } from '#libs/providers';
import type { StoredKeyReader } from '#libs/resolution';
import { RecheckWorker } from './recheck.worker.js';
import type { VerdictService } from './verdict.service.js';

describe('a key whose check is due', () => {
  let due: DueCheck[];
  let storedVersion: number;
  let fails: boolean;
  let opened: SecretBytes[];
  let asked: unknown[];
  let applied: unknown[];
  let worker: RecheckWorker;

  beforeEach(() => {
    [due, opened, asked, applied] = [[], [], [], []];
    [storedVersion, fails] = [3, false];
    const store = { takeDue: async (limit: number) => due.splice(0, limit) } as unknown as KeyVerdictStore;
    const keys = {
      find: async () => {
        const apiKey = SecretBytes.fromUtf8('stored-key');
        opened.push(apiKey);
        return { version: storedVersion, region: 'eu', apiKey };
      },
    } as unknown as StoredKeyReader;
    const prober = {
      probe: async (provider: string, _: SecretBytes, options?: ProbeOptions) => {
        asked.push([provider, options?.region]);
        if (fails) throw new Error('out of order');
        return { verdict: 'invalid', capabilities: {} };
      },
    } as KeyProber;
    const verdicts = { apply: async (...given: unknown[]) => void applied.push(given) } as unknown as VerdictService;
    worker = new RecheckWorker(store, keys, prober, verdicts);
  });
  afterEach(() => worker.stop());

  const check = async (): Promise<void> => {
    due.push({ organizationId: 'acme', provider: 'elevenlabs', version: 3, checkCount: 2 });
    worker.start();
    while (opened.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await worker.stop();
  };

  it('is asked about in the region that its slot is bound to, and what is said of it counts', async () => {
    await check();
    expect(asked).toEqual([['elevenlabs', 'eu']]);
    const ref = { organizationId: 'acme', provider: 'elevenlabs', version: 3 };
    expect(applied).toEqual([[ref, { verdict: 'invalid', capabilities: {} }, 2]]);
  });

  it('is not asked about when another has taken its place meanwhile', async () => {
    storedVersion = 4;
    await check();
    expect([asked, applied]).toEqual([[], []]);
  });

  it.each([false, true])('is zeroed afterwards (the check fails: %s)', async (failing) => {
    fails = failing;
    await check();
    expect(() => opened[0]!.use(String)).toThrow('secret destroyed');
  });
});
