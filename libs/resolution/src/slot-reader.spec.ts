import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { cryptoReady } from '#libs/crypto';
import { OpenedKeyCache } from './opened-key.cache.js';
import { loggingSlotReader } from './slot-reader.js';
import { SpecSlots } from './spec-slots.js';

describe('a slot reader that logs', () => {
  const opened = new OpenedKeyCache();

  beforeAll(cryptoReady);
  afterEach(() => opened.close());

  it('says whose stored key does not open, and nothing of those that do', async () => {
    const slots = new SpecSlots();
    const organizationId = slots.addOrganization();
    for (const provider of ['openai', 'deepgram']) slots.put(organizationId, provider, { apiKey: `own-${provider}` });
    slots.damage(organizationId, 'openai');
    const errors: string[] = [];
    const reader = loggingSlotReader(slots, opened, { error: (message) => errors.push(message) });
    const refs = ['openai', 'deepgram'].map((provider) => ({ organizationId, provider }));
    await reader.read({ refs, further: () => [] }, () => undefined);
    expect(errors).toEqual([`the stored key of ${organizationId}/openai does not open`]);
  });
});
