import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createDataSource, SlotUseStore, type SlotUse } from '#libs/keystore';
import type { DataSource } from 'typeorm';
import { KeystoreFixture } from './keystore.fixture.js';

jest.setTimeout(60_000);

describe('last uses of slots, written as the resolver', () => {
  let keystore: KeystoreFixture;
  let resolver: DataSource;
  let store: SlotUseStore;

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
    resolver = createDataSource({
      url: keystore.url,
      applicationName: 'spec',
      role: 'latchkey_resolver',
      timeoutMs: 2_000,
    });
    store = new SlotUseStore(await resolver.initialize());
  });
  afterAll(async () => {
    await resolver.destroy();
    await keystore.stop();
  });

  const useOf = (organizationId: string, second: number): SlotUse => ({
    organizationId,
    provider: 'openai',
    lastUsedAt: new Date(Date.UTC(2026, 10, 20, 12, 0, second)),
  });
  const secondsOf = async (organizationId: string): Promise<number[]> => {
    const sql = 'SELECT last_used_at AS at FROM slot_use WHERE organization_id = $1';
    const rows = await keystore.rows<{ at: Date }>(sql, [organizationId]);
    return rows.map(({ at }) => at.getUTCSeconds());
  };

  it('never go back, in one write or in several', async () => {
    const id = randomUUID();
    await store.note([useOf(id, 5), useOf(id.toUpperCase(), 9)]);
    await store.note([useOf(id, 7)]);
    expect(await secondsOf(id)).toEqual([9]);
    await store.note([useOf(id, 11)]);
    expect(await secondsOf(id)).toEqual([11]);
  });

  it('are written by several resolvers at once, each in its own order', async () => {
    const ids = Array.from({ length: 500 }, () => randomUUID());
    const writes = Array.from({ length: 8 }, (_, second) => {
      const uses = ids.map((id) => useOf(id, second));
      return store.note(second % 2 === 0 ? uses : uses.toReversed());
    });
    await Promise.all(writes);
    expect(await secondsOf(ids[0]!)).toEqual([7]);
    expect(await secondsOf(ids[499]!)).toEqual([7]);
  });

  it('are written for as many slots at once as a resolver keeps, in the time it has', async () => {
    const uses = Array.from({ length: 5_000 }, () => useOf(randomUUID(), 1));
    await store.note(uses);
    await store.note(uses.map(({ organizationId }) => useOf(organizationId, 2)));
    expect(await secondsOf(uses[4_999]!.organizationId)).toEqual([2]);
  });
});
