import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import type { SlotId, SlotOverviewStore } from '#libs/keystore';
import { KeyViewService } from './key-view.service.js';

describe('what is shown of one slot', () => {
  const asked: SlotId[] = [];
  const overviews: Pick<SlotOverviewStore, 'find' | 'surroundings'> = {
    find: async (id) => void asked.push(id),
    surroundings: async () => ({
      defaultFallback: 'when_missing',
      sharedByAgency: new Set(),
      keptByPlatform: new Set(['openai']),
    }),
  };
  const views = new KeyViewService(Catalogue.load(), overviews as SlotOverviewStore);

  it('is read without the other slots of the organization', async () => {
    expect(await views.keyRow('acme', 'openai')).toMatchObject({ provider: 'openai', without_key: 'platform' });
    expect(await views.versions('acme', 'openai')).toEqual({ provider: 'openai', epoch: 0, versions: [] });
    expect(asked).toEqual(Array(2).fill({ organizationId: 'acme', provider: 'openai' }));
  });
});
