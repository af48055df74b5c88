import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { keyChangedSchema } from '#libs/contracts';
import { openApiKey, TenantKekCache } from '#libs/crypto';
import { TenantKekStore, type ChangedSlot, type SlotId } from '#libs/keystore';
import { KeystoreFixture, newKey, spec } from './keystore.fixture.js';

jest.setTimeout(60_000);

interface ChangeRow {
  epoch: number;
  change: string;
}
interface VersionRow {
  version: number;
  state: string;
  wiped: boolean;
}

describe('the slots of the keystore', () => {
  let keystore: KeystoreFixture;

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
  });
  afterAll(() => keystore.stop());

  const versionsOf = (id: SlotId): Promise<VersionRow[]> =>
    keystore.rows<VersionRow>(
      `SELECT version, state, sealed_key IS NULL AND wrapped_dek IS NULL AS wiped FROM key_version
       WHERE organization_id = $1 AND provider = $2 ORDER BY version`,
      [id.organizationId, id.provider],
    );
  const changesOf = (id: SlotId): Promise<ChangeRow[]> =>
    keystore.rows<ChangeRow>(
      `SELECT epoch::integer, change FROM key_change WHERE organization_id = $1 AND provider = $2 ORDER BY epoch`,
      [id.organizationId, id.provider],
    );
  const eventsOf = async (id: SlotId): Promise<unknown[]> => {
    const rows = await keystore.rows<{ payload: unknown }>(
      `SELECT payload FROM outbox WHERE aggregateid = $1 ORDER BY seq`,
      [`${id.organizationId}/${id.provider}`],
    );
    return rows.map((row) => row.payload);
  };

  describe('epochs', () => {
    it('every change raises the epoch by exactly one and no epoch comes twice, through removal and back', async () => {
      const slots = keystore.slots();
      const id = { organizationId: await keystore.organization(), provider: 'openai' };
      const changes: (() => Promise<ChangedSlot>)[] = [
        () => slots.store(id, newKey(), spec),
        () => keystore.rotate(id, 'graceful'),
        () => keystore.rotate(id, 'immediate'),
        () => keystore.conditions().setPolicy(id, { fallback: 'never' }, spec),
        () => slots.revoke(id, spec),
        () => slots.store(id, newKey(), spec),
        () => slots.remove(id, spec),
        () => slots.store(id, newKey(), spec),
      ];
      const epochs: number[] = [];
      for (const change of changes) epochs.push((await change()).epoch);
      expect(epochs).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await keystore.slotRow(id)).toMatchObject({ epoch: 8, currentVersion: 5 });
      expect((await changesOf(id)).map((row) => row.change)).toEqual([
        'added',
        'rotated',
        'rotated',
        'policy_changed',
        'revoked',
        'rotated',
        'removed',
        'added',
      ]);
    });

    it('immediate rotation, revoke and remove raise the floor to their own epoch; graceful rotation and policy leave it', async () => {
      const id = await keystore.storedSlot();
      const slots = keystore.slots();
      const floors: number[] = [];
      const after = async (change: Promise<unknown>): Promise<void> => {
        await change;
        floors.push((await keystore.slotRow(id)).epochFloor);
      };
      await after(keystore.rotate(id, 'graceful'));
      await after(keystore.conditions().setPolicy(id, { fallback: 'when_unusable' }, spec));
      await after(keystore.conditions().setPolicy(id, { shared: true }, spec));
      await after(keystore.conditions().setPolicy(id, { shared: false }, spec));
      await after(keystore.rotate(id, 'immediate'));
      await after(keystore.rotate(id, 'graceful'));
      await after(slots.revoke(id, spec));
      await after(slots.remove(id, spec));
      expect(floors).toEqual([0, 0, 0, 0, 6, 6, 8, 9]);
    });

    it('a change that changes nothing keeps the epoch and leaves no trace', async () => {
      const id = await keystore.storedSlot();
      const slots = keystore.slots();
      await keystore.conditions().setPolicy(id, { fallback: 'never' }, spec);
      expect((await keystore.conditions().setPolicy(id, { fallback: 'never' }, spec)).epoch).toBe(2);
      await slots.revoke(id, spec);
      expect((await slots.revoke(id, spec)).epoch).toBe(3);
      expect(await changesOf(id)).toHaveLength(3);
      expect(await eventsOf(id)).toHaveLength(3);
    });

    it('a change that is refused leaves no trace, not even a slot', async () => {
      const id = { organizationId: await keystore.organization(), provider: 'xai' };
      for (const refused of [keystore.slots().revoke(id, spec), keystore.slots().remove(id, spec)]) {
        await expect(refused).rejects.toMatchObject({ kind: 'not_found', param: 'provider' });
      }
      expect(await keystore.rows(`SELECT FROM key_slot WHERE organization_id = $1`, [id.organizationId])).toEqual([]);
    });
  });

  describe('versions', () => {
    it.each(['revoke', 'remove'] as const)(
      '%s wipes the ciphertext of every version that still had one',
      async (change) => {
        const id = await keystore.storedSlot();
        await keystore.rotate(id, 'graceful');
        await keystore.rotate(id, 'immediate');
        await keystore.slots()[change](id, spec);
        const state = change === 'revoke' ? 'revoked' : 'removed';
        expect(await versionsOf(id)).toEqual([1, 2, 3].map((version) => ({ version, state, wiped: true })));
      },
    );

    it('a graceful rotation leaves the old version to those who have it, an immediate one to nobody', async () => {
      const id = await keystore.storedSlot();
      await keystore.rotate(id, 'graceful');
      await keystore.rotate(id, 'graceful');
      expect((await versionsOf(id)).map((row) => row.state)).toEqual(['retiring', 'retiring', 'active']);
      await keystore.rotate(id, 'immediate');
      expect((await versionsOf(id)).map((row) => row.state)).toEqual(['retired', 'retired', 'retired', 'active']);
    });

    it('a stored key opens with its own organization, provider and version, and with no other', async () => {
      const id = { organizationId: await keystore.organization(), provider: 'openai' };
      await keystore.slots().store(id, newKey('sk-the-key-itself'), spec);
      const [row] = await keystore.rows<{ tenantKekVersion: number; wrappedDek: Buffer; sealedKey: Buffer }>(
        `SELECT tenant_kek_version AS "tenantKekVersion", wrapped_dek AS "wrappedDek", sealed_key AS "sealedKey"
         FROM key_version WHERE organization_id = $1`,
        [id.organizationId],
      );
      const keks = new TenantKekStore(
        keystore.dataSource,
        keystore.kekProvider,
        new TenantKekCache(keystore.kekProvider),
      );
      const kek = await keks.getCurrent(id.organizationId);
      const opened = openApiKey(kek, { ...id, version: 1 }, row!);
      expect(opened.use((bytes) => bytes.toString())).toBe('sk-the-key-itself');

      for (const wrong of [{ version: 2 }, { provider: 'xai' }]) {
        expect(() => openApiKey(kek, { ...id, version: 1, ...wrong }, row!)).toThrow(
          expect.objectContaining({ code: 'open_failed' }),
        );
      }
    });

    it('the answer holds the secret ids that its own transaction left', async () => {
      const id = await keystore.storedSlot('openai');
      const second = { ...id, provider: 'deepgram' };
      const stored = await keystore.slots().store(second, newKey(), spec);
      expect([...stored.secretIds.keys()].sort()).toEqual(['deepgram', 'openai']);
      expect(stored.secretIds.get('deepgram')).toBe(stored.current?.secretId);
      const removed = await keystore.slots().remove(id, spec);
      expect([...removed.secretIds.keys()]).toEqual(['deepgram']);
    });
  });

  describe('what goes with a change', () => {
    it('the change row and the event are of the same transaction, epoch and actor', async () => {
      const id = await keystore.storedSlot();
      const rotated = await keystore.slots().store(id, newKey(), { actor: 'token:spec' });
      const [recorded] = await keystore.rows<object>(
        `SELECT c.actor, c.version, c.xmin = o.xmin AND c.xmin = s.xmin AS together
         FROM key_change c
         JOIN outbox o ON o.aggregateid = c.organization_id || '/' || c.provider AND (o.payload ->> 'epoch')::bigint = c.epoch
         JOIN key_slot s ON s.organization_id = c.organization_id AND s.provider = c.provider
         WHERE c.organization_id = $1 AND c.epoch = 2`,
        [id.organizationId],
      );
      expect(recorded).toEqual({ actor: 'token:spec', version: 2, together: true });
      const events = (await eventsOf(id)).map((payload) => keyChangedSchema.parse(payload));
      expect(events.at(-1)).toMatchObject({
        organization_id: id.organizationId,
        provider: 'openai',
        change: 'rotated',
        epoch: 2,
        secret_id: rotated.current?.secretId,
      });
    });

    it('a failure on the way to the outbox leaves nothing of the change', async () => {
      const id = await keystore.storedSlot();
      const before = [await keystore.slotRow(id), await versionsOf(id), await changesOf(id), await eventsOf(id)];
      // Planted: the last statement of the transaction fails for this slot.
      await keystore.rows(
        `ALTER TABLE outbox ADD CONSTRAINT planted CHECK (aggregateid <> '${id.organizationId}/openai') NOT VALID`,
      );
      try {
        for (const change of [
          keystore.rotate(id, 'immediate'),
          keystore.slots().revoke(id, spec),
          keystore.conditions().setPolicy(id, { fallback: 'never' }, spec),
        ]) {
          await expect(change).rejects.toMatchObject({ kind: 'internal', code: 'database_error' });
        }
      } finally {
        await keystore.rows('ALTER TABLE outbox DROP CONSTRAINT planted');
      }
      expect([await keystore.slotRow(id), await versionsOf(id), await changesOf(id), await eventsOf(id)]).toEqual(
        before,
      );
      expect((await keystore.slots().revoke(id, spec)).epoch).toBe(2);
    });
  });
});
