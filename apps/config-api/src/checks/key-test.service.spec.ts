import { beforeEach, describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { SecretBytes } from '#libs/crypto';
import type { KeyProber, ProbeOptions } from '#libs/providers';
import { submitApiKey } from '../byok/api-key.js';
import { KeyTestService, type TestedSlots } from './key-test.service.js';
import type { VerdictService } from './verdict.service.js';

const slot = { organizationId: 'acme', provider: 'elevenlabs' };

describe('a key that somebody asks about', () => {
  let asked: unknown[];
  let fails: boolean;
  let stored: SecretBytes;
  let service: KeyTestService;

  beforeEach(() => {
    asked = [];
    fails = false;
    stored = SecretBytes.fromUtf8('stored-key');
    const prober = {
      probe: async (provider: string, key: SecretBytes, options?: ProbeOptions) => {
        asked.push([provider, key.use(String), options?.region]);
        if (fails) throw new Error('out of order');
        return { verdict: 'valid', capabilities: {} };
      },
    } as KeyProber;
    const slots = {
      conditions: { findRegion: async () => 'eu' },
      storedKeys: { find: async () => ({ version: 2, region: 'eu', apiKey: stored }) },
    } as unknown as TestedSlots;
    const verdicts = { apply: async () => undefined } as unknown as VerdictService;
    service = new KeyTestService(Catalogue.load(), prober, slots, verdicts);
  });

  it('is looked for in the region that its slot is bound to, be it given or stored', async () => {
    await service.testGiven(slot, submitApiKey('given-key'));
    await service.testStored(slot);
    expect(asked).toEqual([
      ['elevenlabs', 'given-key', 'eu'],
      ['elevenlabs', 'stored-key', 'eu'],
    ]);
  });

  it.each([false, true])('is zeroed afterwards (the test fails: %s)', async (failing) => {
    fails = failing;
    const given = submitApiKey('given-key');
    await Promise.allSettled([service.testGiven(slot, given), service.testStored(slot)]);
    for (const key of [given.secret, stored]) expect(() => key.use(String)).toThrow('secret destroyed');
  });
});
