import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createDataSource, platformOrganizationId, SlotSnapshotStore, type SlotId } from '#libs/keystore';
import type { DataSource } from 'typeorm';
import { KeystoreFixture, newKey, spec } from './keystore.fixture.js';

jest.setTimeout(60_000);

describe('SlotSnapshotStore', () => {
  let keystore: KeystoreFixture;
  let resolver: DataSource;
  let snapshots: SlotSnapshotStore;

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
    resolver = createDataSource({ url: keystore.url, applicationName: 'spec', role: 'latchkey_resolver' });
    snapshots = new SlotSnapshotStore(await resolver.initialize());
  });
  afterAll(async () => {
    await resolver.destroy();
    await keystore.stop();
  });

  const setSlot = (id: SlotId, assignment: string): Promise<unknown> =>
    keystore.rows(`UPDATE key_slot SET ${assignment} WHERE organization_id = $1`, [id.organizationId]);

  it('one answer for each question, in order, the same question twice included', async () => {
    const [one, two] = [await keystore.storedSlot('openai'), await keystore.storedSlot('deepgram')];
    await keystore.rotate(two, 'graceful');
    const nobody = { organizationId: randomUUID(), provider: 'openai' };
    const read = await snapshots.read([two, nobody, one, two]);
    expect(read.map((snapshot) => snapshot && [snapshot.provider, snapshot.epoch])).toEqual([
      ['deepgram', 2],
      undefined,
      ['openai', 1],
      ['deepgram', 2],
    ]);
    expect(await snapshots.read([])).toEqual([]);
  });

  it('an organization that does not exist is undefined, a slot that was never written is empty with epoch 0', async () => {
    const organizationId = await keystore.organization();
    const read = await snapshots.read([
      { organizationId: randomUUID(), provider: 'openai' },
      { organizationId, provider: 'openai' },
      { organizationId, provider: '' },
    ]);
    const empty = { organizationId, epoch: 0, state: 'empty', fallback: 'when_missing', expired: false, shared: false };
    expect(read).toEqual([undefined, { ...empty, provider: 'openai' }, { ...empty, provider: '' }]);
  });

  it('an active slot comes with its current version and the sealed key', async () => {
    const id = await keystore.storedSlot();
    const rotated = await keystore.rotate(id, 'graceful');
    const [snapshot] = await snapshots.read([id]);
    expect(snapshot).toEqual({
      ...id,
      epoch: 2,
      state: 'active',
      fallback: 'when_missing',
      expired: false,
      shared: false,
      current: {
        version: 2,
        secretId: rotated.current?.secretId,
        sealed: { tenantKekVersion: 1, wrappedDek: expect.any(Buffer), sealedKey: expect.any(Buffer) },
      },
    });
  });

  it('the ciphertext of the version the asker holds is not sent again, that of another version is', async () => {
    const id = await keystore.storedSlot();
    const [held] = await snapshots.read([{ ...id, heldVersion: 1 }]);
    expect(held?.current).toEqual({ version: 1, secretId: expect.any(String) });
    await keystore.rotate(id, 'immediate');
    const [newer] = await snapshots.read([{ ...id, heldVersion: 1 }]);
    expect(newer?.current).toMatchObject({ version: 2, sealed: { tenantKekVersion: 1 } });
  });

  it('a revoked, removed, quarantined or expired slot says so', async () => {
    const revoked = await keystore.storedSlot();
    await keystore.slots().revoke(revoked, spec);
    const removed = await keystore.storedSlot();
    await keystore.conditions().setPolicy(removed, { fallback: 'never' }, spec);
    await keystore.slots().remove(removed, spec);
    const quarantined = await keystore.storedSlot();
    await setSlot(quarantined, `state = 'quarantined'`);
    const expired = await keystore.storedSlot();
    await setSlot(expired, `expires_at = now() - interval '1 millisecond'`);
    const read = await snapshots.read([revoked, removed, quarantined, expired]);
    expect(read.map((slot) => slot && [slot.state, slot.epoch, slot.expired, slot.current?.version])).toEqual([
      ['revoked', 2, false, undefined],
      ['empty', 3, false, undefined],
      ['quarantined', 1, false, 1],
      ['active', 1, true, 1],
    ]);
    expect(read[1]?.fallback).toBe('never');
  });

  it('a slot without a policy of its own follows the default of its organization, one that has its own does not', async () => {
    const stored = await keystore.storedSlot();
    const { organizationId } = stored;
    const own = { organizationId, provider: 'xai' };
    const unwritten = { organizationId, provider: 'gladia' };
    await keystore.conditions().setPolicy(own, { fallback: 'when_missing' }, spec);
    await keystore.rows(`UPDATE organization SET default_fallback = 'never' WHERE id = $1`, [organizationId]);
    const read = await snapshots.read([stored, own, unwritten]);
    expect(read.map((slot) => slot?.fallback)).toEqual(['never', 'when_missing', 'never']);
  });

  it('the platform is an organization like any other, there from the first migration', async () => {
    const id = { organizationId: platformOrganizationId, provider: 'resend' };
    expect((await snapshots.read([id]))[0]).toMatchObject({ state: 'empty', epoch: 0 });
    await keystore.slots().store(id, newKey(), spec);
    expect((await snapshots.read([id]))[0]).toMatchObject({ state: 'active', epoch: 1, current: { version: 1 } });
  });

  it('a change is seen by every read that begins after it returned', async () => {
    const id = await keystore.storedSlot();
    for (let round = 1; round <= 20; round++) {
      const changed = await keystore.rotate(id, round % 2 ? 'immediate' : 'graceful');
      const [snapshot] = await snapshots.read([{ ...id, heldVersion: round }]);
      expect(snapshot).toMatchObject({ epoch: changed.epoch, current: { secretId: changed.current?.secretId } });
    }
  });
});
