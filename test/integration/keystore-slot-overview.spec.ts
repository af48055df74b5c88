import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { platformOrganizationId, ReceiptStore, SlotOverviewStore, type Receipt, type SlotId } from '#libs/keystore';
import { KeystoreFixture, newKey, spec } from './keystore.fixture.js';

jest.setTimeout(60_000);

const dayMs = 86_400_000;

describe('the overview of one slot', () => {
  let keystore: KeystoreFixture;
  let receipts: ReceiptStore;
  let overviews: SlotOverviewStore;

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
    receipts = new ReceiptStore(keystore.dataSource);
    overviews = new SlotOverviewStore(keystore.dataSource);
  });
  afterAll(() => keystore.stop());

  /** A live call that started so many days ago, with the first version of a slot for each source. */
  const liveCall = (organizationId: string, slots: { tenant?: string; platform?: string }, daysAgo = 0): Receipt => ({
    organizationId,
    callId: randomUUID(),
    day: new Date(Date.now() - daysAgo * dayMs).toISOString().slice(0, 10),
    resolvedAt: new Date(),
    liveUntil: new Date(Date.now() + dayMs),
    components: Object.entries(slots).map(([source, slot]) => ({
      component: source,
      provider: slot,
      slot,
      status: 'resolved',
      source: source as 'tenant' | 'platform',
      secret_id: randomUUID(),
      version: 1,
      epoch: 1,
    })),
  });
  const liveCallsOf = async (id: SlotId): Promise<number[] | undefined> =>
    (await overviews.find(id))?.versions.map(({ liveCalls }) => liveCalls);

  it('looks for live calls among the receipts of the last days only', async () => {
    const id = await keystore.storedSlot('openai');
    await receipts.insert(
      [-1, 0, 4, 7, 60].map((daysAgo) => liveCall(id.organizationId, { tenant: 'openai' }, daysAgo)),
    );
    expect(await liveCallsOf(id)).toEqual([3]);
  });

  it('counts the live calls of that slot, for the platform’s too', async () => {
    const { organizationId } = await keystore.storedSlot('openai');
    await keystore.slots().store({ organizationId, provider: 'xai' }, newKey(), spec);
    await keystore.slots().store({ organizationId: platformOrganizationId, provider: 'xai' }, newKey(), spec);
    await receipts.insert([liveCall(organizationId, { tenant: 'openai', platform: 'xai' })]);
    expect(await liveCallsOf({ organizationId, provider: 'openai' })).toEqual([1]);
    expect(await liveCallsOf({ organizationId, provider: 'xai' })).toEqual([0]);
    expect(await liveCallsOf({ organizationId, provider: 'gladia' })).toBeUndefined();
    expect(await liveCallsOf({ organizationId: platformOrganizationId, provider: 'xai' })).toEqual([1]);
  });

  it('asks for nothing of the other slots', async () => {
    const id = await keystore.storedSlot('openai');
    const asking = jest.spyOn(keystore.dataSource.logger, 'logQuery');
    await overviews.find(id);
    const reads = asking.mock.calls.filter(([sql]) => /FROM "?(key_slot|key_version|slot_use|receipt)\b/.test(sql));
    asking.mockRestore();
    expect(reads).toHaveLength(4);
    for (const [, values] of reads) expect(values).toContain('openai');
  });
});
