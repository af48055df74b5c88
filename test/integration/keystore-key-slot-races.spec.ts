import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ChangedSlot } from '#libs/keystore';
import { KeystoreFixture, newKey, spec } from './keystore.fixture.js';

jest.setTimeout(60_000);

describe('changes of one slot at the same time', () => {
  let keystore: KeystoreFixture;

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
  });
  afterAll(() => keystore.stop());

  it('twenty rotations of one slot end with twenty epochs, twenty versions, and one of them active', async () => {
    const id = { organizationId: await keystore.organization(), provider: 'openai' };
    const changed = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        keystore.slots().store(id, { ...newKey(), mode: index % 2 ? 'graceful' : 'immediate' }, spec),
      ),
    );
    const oneToTwenty = Array.from({ length: 20 }, (_, index) => index + 1);
    const sorted = (values: number[]): number[] => values.sort((a, b) => a - b);
    expect(sorted(changed.map(({ epoch }) => epoch))).toEqual(oneToTwenty);
    expect(sorted(changed.map(({ current }) => current!.version))).toEqual(oneToTwenty);
    const active = await keystore.rows<{ version: number }>(
      `SELECT version FROM key_version WHERE organization_id = $1 AND state = 'active'`,
      [id.organizationId],
    );
    expect(active).toEqual([{ version: 20 }]);
    expect(await keystore.slotRow(id)).toMatchObject({ epoch: 20, currentVersion: 20, state: 'active' });
  });

  it('of many changes that expect the same epoch one wins, and the others are told the new one', async () => {
    const id = await keystore.storedSlot();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => keystore.slots().store(id, newKey(), { ...spec, expectedEpoch: 1 })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = outcomes.filter((outcome): outcome is PromiseRejectedResult => outcome.status === 'rejected');
    const lostRace = { kind: 'precondition_failed', code: 'epoch_mismatch' };
    for (const { reason } of refusals) {
      expect(reason).toMatchObject({ ...lostRace, message: expect.stringContaining('its epoch is now 2') });
    }
    expect(await keystore.slotRow(id)).toMatchObject({ epoch: 2, currentVersion: 2 });
  });

  it('the first change of a slot expects epoch 0', async () => {
    const id = { organizationId: await keystore.organization(), provider: 'openai' };
    const store = (expectedEpoch: number): Promise<ChangedSlot> =>
      keystore.slots().store(id, newKey(), { ...spec, expectedEpoch });
    await expect(store(1)).rejects.toMatchObject({ kind: 'precondition_failed' });
    expect((await store(0)).epoch).toBe(1);
  });

  it('processes that store an organization’s first keys at once end with one tenant KEK', async () => {
    const organizationId = await keystore.organization();
    const providers = ['openai', 'deepgram', 'resend', 'xai', 'gladia', 'mistral'];
    await Promise.all(
      providers.map((provider) => keystore.slots().store({ organizationId, provider }, newKey(), spec)),
    );
    const keks = await keystore.rows('SELECT version FROM tenant_kek WHERE organization_id = $1', [organizationId]);
    expect(keks).toEqual([{ version: 1 }]);
  });
});
