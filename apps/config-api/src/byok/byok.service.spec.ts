import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import type { KeySlotStore, SlotConditionStore } from '#libs/keystore';
import { submitApiKey } from './api-key.js';
import { ByokService } from './byok.service.js';
import type { NewKeyFactory } from './new-key.factory.js';

const order = { organizationId: 'acme', provider: 'openai', actor: 'spec' };

describe('a key that was handed in', () => {
  function serviceThat(stores: boolean): ByokService {
    const slots = {
      foresee: async () => ({}),
      store: async () => {
        if (!stores) throw new Error('the database is away');
        return { epoch: 1, current: null, secretIds: new Map() };
      },
    } as unknown as KeySlotStore;
    const newKeys = { create: async () => ({}) } as unknown as NewKeyFactory;
    return new ByokService(Catalogue.load(), slots, {} as SlotConditionStore, newKeys);
  }

  it.each([
    ['stored', true, 'openai'],
    ['not stored', false, 'openai'],
    ['for a provider that there is not', true, 'nobody'],
  ])('is zeroed when it is %s', async (_, stores, provider) => {
    const [added, rotated] = [submitApiKey('sk-added'), submitApiKey('sk-rotated')];
    const service = serviceThat(stores);
    await Promise.allSettled([
      service.store({ ...order, provider }, added),
      service.rotate({ ...order, provider }, rotated, { mode: 'immediate' }),
    ]);
    for (const { secret } of [added, rotated]) expect(() => secret.use(String)).toThrow('secret destroyed');
  });
});
