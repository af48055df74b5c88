import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  createDataSource,
  platformOrganizationId,
  ReceiptReaderStore,
  ReceiptStore,
  SlotOverviewStore,
  type CallEnd,
  type Receipt,
  type ReceiptComponent,
} from '#libs/keystore';
import type { DataSource } from 'typeorm';
import { KeystoreFixture, spec } from './keystore.fixture.js';

jest.setTimeout(60_000);

const dayMs = 86_400_000;
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const today = dayOf(Date.now());

describe('receipts', () => {
  let keystore: KeystoreFixture;
  let resolver: DataSource;
  let receipts: ReceiptStore;
  let organizationId: string;

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
    resolver = createDataSource({ url: keystore.url, applicationName: 'spec', role: 'latchkey_resolver' });
    receipts = new ReceiptStore(await resolver.initialize());
    organizationId = await keystore.organization();
  });
  afterAll(async () => {
    await resolver.destroy();
    await keystore.stop();
  });

  const component = (version: number, more: object = {}): ReceiptComponent => ({
    component: 'llm',
    provider: 'openai',
    slot: 'openai',
    status: 'resolved',
    source: 'tenant',
    secret_id: randomUUID(),
    version,
    epoch: version,
    ...more,
  });
  const receiptOf = (callId: string, more: Partial<Receipt> = {}): Receipt => ({
    organizationId,
    callId,
    day: today,
    resolvedAt: new Date(),
    liveUntil: new Date(Date.now() + 3_600_000),
    components: [component(1)],
    ...more,
  });
  const rowsOf = (callId: string): Promise<{ day: string; table: string; ended: boolean; components: unknown[] }[]> =>
    keystore.rows(
      `SELECT day::text, tableoid::regclass::text AS table, ended_at IS NOT NULL AS ended, components
       FROM receipt WHERE call_id = $1 ORDER BY day`,
      [callId],
    );
  const endOf = (callId: string, more: Partial<CallEnd> = {}): CallEnd => {
    const endedAt = new Date();
    return { organizationId, callId, endedAt, liveUntil: new Date(endedAt.getTime() + 3_600_000), ...more };
  };
  const end = (callId: string, more: Partial<CallEnd> = {}): Promise<void> => receipts.end([endOf(callId, more)]);

  describe('writing', () => {
    it('the same receipt again leaves one row, and the first time it was resolved', async () => {
      const receipt = receiptOf('again', { resolvedAt: new Date('2026-11-20T10:00:00Z') });
      expect(await receipts.insert([receipt])).toEqual([]);
      expect(await receipts.insert([{ ...receipt, resolvedAt: new Date() }])).toEqual([]);
      expect(await rowsOf('again')).toHaveLength(1);
      const stored = await new ReceiptReaderStore(keystore.dataSource).find(organizationId, 'again');
      expect(stored?.resolvedAt).toEqual(new Date('2026-11-20T10:00:00Z'));
    });

    it('a call that is there twice in one batch has one row, which says what it got last', async () => {
      const [first, second] = [component(1), component(2)];
      await receipts.insert([
        receiptOf('twice', { components: [first] }),
        receiptOf('between'),
        receiptOf('twice', { components: [second] }),
      ]);
      expect(await rowsOf('twice')).toMatchObject([{ components: [second] }]);
      expect(await rowsOf('between')).toHaveLength(1);
    });

    it('the same call id of two organizations is two calls', async () => {
      const other = await keystore.organization();
      await receipts.insert([receiptOf('same-id'), receiptOf('same-id', { organizationId: other })]);
      expect(await rowsOf('same-id')).toHaveLength(2);
      await end('same-id');
      expect((await rowsOf('same-id')).filter((row) => row.ended)).toHaveLength(1);
    });

    it('receipts lie in the partition of their day; odd days are kept too, in the default partition', async () => {
      const tomorrow = dayOf(Date.now() + dayMs);
      const partitionOf = (day: string): string => `receipt_${day.replaceAll('-', '')}`;
      for (const day of [today, tomorrow, '1999-12-31', '2500-01-01'])
        await receipts.insert([receiptOf('day', { day })]);
      expect((await rowsOf('day')).map((row) => row.table)).toEqual([
        'receipt_other',
        partitionOf(today),
        partitionOf(tomorrow),
        'receipt_other',
      ]);
    });

    it('making partitions again, by several processes at once, does no harm, rows of such a day in the default one included', async () => {
      const later = dayOf(Date.now() + 9 * dayMs);
      await receipts.insert([receiptOf('early', { day: later })]);
      const makePartitions = (): Promise<unknown> => keystore.rows('SELECT create_receipt_partitions(9)');
      await Promise.all([makePartitions(), makePartitions(), makePartitions()]);
      expect(await rowsOf('early')).toMatchObject([{ table: 'receipt_other' }]);
    });
  });

  describe('the end of a call', () => {
    it('is kept: a call that is resolved once more stays ended, and whoever resolves it is told', async () => {
      const receipt = receiptOf('over');
      const [liveUntil, { components }] = [new Date('2026-11-20T11:00:00Z'), receipt];
      await receipts.insert([receipt]);
      await end('over', { endedAt: new Date('2026-11-20T10:00:00Z'), liveUntil });
      await end('over');
      const stored = await new ReceiptReaderStore(keystore.dataSource).find(organizationId, 'over');
      expect(stored?.endedAt).toEqual(new Date('2026-11-20T10:00:00Z'));
      const again = [receipt, receiptOf('not-over'), { ...receiptOf('over'), components: [component(2)] }];
      const told = { organizationId, callId: 'over', day: today, liveUntil, components };
      expect(await receipts.insert(again)).toEqual([told]);
      expect(await receipts.insert([{ ...receipt, components: [component(2)] }])).toEqual([told]);
      expect(await rowsOf('over')).toMatchObject([{ ended: true, components }]);
    });

    it('is told again when a start is delivered twice after the end', async () => {
      const receipt = receiptOf('redelivered');
      await receipts.insert([receipt]);
      await end('redelivered');
      expect(await receipts.insert([receipt])).toMatchObject([{ organizationId, callId: 'redelivered' }]);
    });

    it('that comes before the start is found by the start', async () => {
      await end('early-end');
      const early = receiptOf('early-end');
      expect(await receipts.insert([early])).toMatchObject([{ callId: 'early-end', components: [] }]);
      expect(await rowsOf('early-end')).toMatchObject([{ ended: true, components: [] }]);
      await receipts.amend([early]);
      expect(await rowsOf('early-end')).toMatchObject([{ ended: true, components: [{ version: 1 }] }]);
    });

    it('is found by a start of the day after, also beside one of its own day, and there is no second row', async () => {
      const [day, callId] = [dayOf(Date.now() - dayMs), 'past-midnight'];
      const [receipt, late] = [receiptOf(callId, { day }), receiptOf(callId, { components: [component(2)] })];
      await receipts.insert([receipt]);
      await end(callId);
      const { components } = receipt;
      for (const batch of [[late], [late, receipt], [receipt, late, receiptOf('past-noon')]]) {
        expect(await receipts.insert(batch)).toMatchObject([{ callId, day, components }]);
      }
      expect(await rowsOf(callId)).toMatchObject([{ day, ended: true, components }]);
    });

    it('that comes twice, or twice in one batch, is one row', async () => {
      const call = endOf('double-end');
      await receipts.end([call, call]);
      await receipts.end([call]);
      expect(await rowsOf('double-end')).toHaveLength(1);
    });

    it('of an organization that does not exist is forgotten and spoils no other', async () => {
      await receipts.end([endOf('nobody', { organizationId: randomUUID() }), endOf('somebody')]);
      expect(await rowsOf('nobody')).toEqual([]);
      expect(await rowsOf('somebody')).toHaveLength(1);
    });
  });

  describe('live calls', () => {
    it('are counted per version: calls, not components, until they and what works after them end or their time is up', async () => {
      const id = await keystore.storedSlot('openai');
      await keystore.rotate(id, 'graceful');
      const of = (callId: string, components: ReceiptComponent[], more: Partial<Receipt> = {}): Receipt =>
        receiptOf(callId, { organizationId: id.organizationId, components, ...more });
      await receipts.insert([
        of('a', [component(1), component(1, { component: 'postcall_llm' })]),
        of('b', [component(1)]),
        of('c', [component(2)]),
        of('forgotten', [component(1)], { liveUntil: new Date(Date.now() - 1) }),
        of('platform', [component(1, { source: 'platform' })]),
        of('other slot', [component(1, { slot: 'xai' })]),
        of('unresolved', [component(1, { status: 'unresolved', source: undefined })]),
        receiptOf('other organization'),
      ]);
      const count = async (): Promise<number[][]> => {
        const overview = await new SlotOverviewStore(keystore.dataSource).find(id);
        return overview!.versions.map(({ version, liveCalls }) => [version, liveCalls]);
      };
      expect(await count()).toEqual([
        [2, 1],
        [1, 2],
      ]);
      const { organizationId: owner } = id;
      await receipts.end([endOf('a', { organizationId: owner }), endOf('c', { organizationId: owner })]);
      expect(await count()).toEqual([
        [2, 0],
        [1, 2],
      ]);
      await keystore.rows(`UPDATE receipt SET live_until = now() WHERE organization_id = $1 AND call_id = 'a'`, [
        owner,
      ]);
      expect(await count()).toEqual([
        [2, 0],
        [1, 1],
      ]);
    });

    it('an overview shows every version, newest first, and never any ciphertext', async () => {
      const id = await keystore.storedSlot('openai');
      await keystore.rotate(id, 'immediate');
      await keystore.slots().revoke(id, spec);
      await keystore.rotate(id, 'graceful');
      const overview = await new SlotOverviewStore(keystore.dataSource).find(id);
      expect(overview?.versions.map(({ version, state }) => [version, state])).toEqual([
        [3, 'active'],
        [2, 'revoked'],
        [1, 'revoked'],
      ]);
      for (const version of overview!.versions) {
        expect([version.sealedKey, version.wrappedDek]).toEqual([undefined, undefined]);
      }
    });
  });

  it('a reader finds the receipt of its own organization and nobody else’s', async () => {
    await receipts.insert([receiptOf('mine')]);
    const reader = new ReceiptReaderStore(keystore.dataSource);
    expect(await reader.find(organizationId, 'mine')).toMatchObject({ callId: 'mine', endedAt: null });
    expect(await reader.find(await keystore.organization(), 'mine')).toBeUndefined();
    expect(await reader.find(platformOrganizationId, 'mine')).toBeUndefined();
  });
});
