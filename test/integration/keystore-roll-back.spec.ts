import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SlotId } from '#libs/keystore';
import { KeystoreFixture, spec } from './keystore.fixture.js';

describe('rolled back', () => {
  let keystore: KeystoreFixture;

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
  }, 60_000);
  afterAll(() => keystore.stop());

  const refuse = (id: SlotId, version: number): Promise<unknown> =>
    keystore.rows(
      `UPDATE key_version SET verdict = 'blocked', failed_at = now() WHERE organization_id = $1 AND version = $2`,
      [id.organizationId, version],
    );
  const expiryOf = async (id: SlotId): Promise<Date | null> =>
    (
      await keystore.rows<{ expires_at: Date | null }>(`SELECT expires_at FROM key_slot WHERE organization_id = $1`, [
        id.organizationId,
      ])
    )[0]!.expires_at;
  const back = { overlapSeconds: 900 };

  it('a key has its own expiry date again, and not that of the key after it', async () => {
    const [first, second] = [new Date('2031-01-01'), new Date('2032-01-01')];
    const id = await keystore.storedSlot();
    await keystore.conditions().setPolicy(id, { expiresAt: first }, spec);
    await keystore.rotate(id, 'immediate');
    expect(await expiryOf(id)).toBeNull();
    await keystore.conditions().setPolicy(id, { expiresAt: second }, spec);
    await keystore.slots().rollBack(id, back, spec);
    expect(await expiryOf(id)).toEqual(first);
    await keystore.slots().rollBack(id, back, spec);
    expect(await expiryOf(id)).toEqual(second);
  });

  it('the newest that has neither expired nor been refused comes back; without one nothing changes', async () => {
    const id = await keystore.storedSlot();
    await keystore.rotate(id, 'graceful');
    await refuse(id, 2);
    await keystore.rotate(id, 'graceful');
    await keystore.conditions().setPolicy(id, { expiresAt: new Date() }, spec);
    await keystore.rotate(id, 'graceful');
    expect((await keystore.slots().rollBack(id, back, spec)).current?.version).toBe(1);
    await keystore.slots().rollBack(id, { ...back, version: 4 }, spec);
    await refuse(id, 1);
    await expect(keystore.slots().rollBack(id, back, spec)).rejects.toMatchObject({ kind: 'not_found' });
    expect(await keystore.slotRow(id)).toMatchObject({ currentVersion: 4, state: 'active' });
  });

  it('a key that its provider refused is in quarantine, and due to be asked about', async () => {
    const id = await keystore.storedSlot();
    await refuse(id, 1);
    await keystore.rotate(id, 'graceful');
    await keystore.slots().rollBack(id, { ...back, version: 1 }, spec);
    expect(await keystore.slotRow(id)).toMatchObject({ currentVersion: 1, state: 'quarantined' });
    const due = `SELECT FROM key_version WHERE organization_id = $1 AND version = 1 AND check_due_at <= now()`;
    expect(await keystore.rows(due, [id.organizationId])).toHaveLength(1);
  });
});
