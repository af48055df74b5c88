import { randomUUID } from 'node:crypto';
import type { KeyChange } from '#libs/contracts';
import { sealApiKey, type SecretBytes, type SlotVersionId, type TenantKek } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { DataSource, EntityManager } from 'typeorm';
import { KeySlot, type FallbackPolicy } from './entities/key-slot.entity.js';
import { KeyVersion } from './entities/key-version.entity.js';
import { recordKeyChange } from './key-change.store.js';
import { withinOrganization } from './organization-scope.js';
import { readSecretIds } from './secret-ids.js';
import type { TenantKekStore } from './tenant-kek.store.js';

export interface SlotId {
  organizationId: string;
  provider: string;
}

export interface NewKey {
  apiKey: SecretBytes;
  hint: string | null;
  fingerprint: Buffer;
  /**
   * `graceful`: calls that resolved the old version keep it for `overlapSeconds`.
   * `immediate`: the old version is dead when the promise resolves.
   */
  mode: 'graceful' | 'immediate';
  overlapSeconds: number;
}

/** Who changes a slot, and which epoch they believe it has (a mismatch is refused; absent: any). */
export interface ChangeRequest {
  actor: string;
  expectedEpoch?: number | undefined;
}

/** The slot after a change, and the secret ids of all slots of the organization, as its transaction left them. */
export interface ChangedSlot {
  epoch: number;
  /** The version that new calls get; null when there is none. */
  current: { version: number; secretId: string } | null;
  secretIds: Map<string, string>;
}

/**
 * Changes which key a slot gives. Every change is one transaction: lock the slot, raise the epoch, move the
 * versions, record change and outbox rows. When a promise resolves the transaction has committed, and from then
 * on no resolve and no redeem that begins gets a key the change took away.
 */
export class KeySlotStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tenantKeks: TenantKekStore,
  ) {}

  /** Adds the slot's first key or replaces the current one; either way a new version with a new secret id. */
  async store(id: SlotId, newKey: NewKey, request: ChangeRequest): Promise<ChangedSlot> {
    const kek = await this.tenantKeks.getCurrent(id.organizationId);
    return this.change(id, request, async (manager, slot) => {
      const change: KeyChange = slot.state === 'empty' ? 'added' : 'rotated';
      if (newKey.mode === 'immediate') {
        slot.epochFloor = slot.epoch;
        await retireNow(manager, id);
      } else {
        await retireAfter(manager, id, newKey.overlapSeconds);
      }
      slot.lastVersion += 1;
      const version = await manager.save(
        sealedVersion(kek, { ...id, version: slot.lastVersion }, newKey, request.actor),
      );
      Object.assign(slot, { state: 'active', currentVersion: version.version, expiresAt: null });
      return { change, current: version };
    });
  }

  /** The leak button: every version that could still be used is dead and its ciphertext gone. Repeating it changes nothing. */
  revoke(id: SlotId, request: ChangeRequest): Promise<ChangedSlot> {
    return this.change(id, request, async (manager, slot) => {
      if (slot.state === 'revoked') return { current: null };
      if (slot.state === 'empty') throw nothingStored(id);
      await wipe(manager, id, 'revoked');
      Object.assign(slot, { state: 'revoked', currentVersion: null, epochFloor: slot.epoch });
      return { change: 'revoked', current: null };
    });
  }

  /** Back to "never stored": all ciphertext of the slot is gone. `not_found` when there was nothing. */
  remove(id: SlotId, request: ChangeRequest): Promise<ChangedSlot> {
    return this.change(id, request, async (manager, slot) => {
      if (slot.state === 'empty') throw nothingStored(id);
      await wipe(manager, id, 'removed');
      Object.assign(slot, { state: 'empty', currentVersion: null, expiresAt: null, epochFloor: slot.epoch });
      return { change: 'removed', current: null };
    });
  }

  /** Sets what happens when the tenant's own key cannot be used. Calls that have resolved are not touched. */
  setFallback(id: SlotId, fallback: FallbackPolicy, request: ChangeRequest): Promise<ChangedSlot> {
    return this.change(id, request, async (manager, slot) => {
      const current = await manager.findOneBy(KeyVersion, { ...id, state: 'active' });
      if (slot.fallback === fallback) return { current };
      slot.fallback = fallback;
      return { change: 'policy_changed', current };
    });
  }

  private change(
    id: SlotId,
    request: ChangeRequest,
    apply: (manager: EntityManager, slot: KeySlot) => Promise<SlotChange>,
  ): Promise<ChangedSlot> {
    return withinOrganization(this.dataSource, id.organizationId, async (manager) => {
      const slot = await lockSlot(manager, id);
      const { epoch } = slot;
      if (request.expectedEpoch !== undefined && request.expectedEpoch !== epoch) throw lostRace(epoch);
      slot.epoch += 1;
      const { change, current } = await apply(manager, slot);
      if (change) {
        await manager.save(slot);
        await recordKeyChange(manager, { ...id, change, epoch: slot.epoch, current, actor: request.actor });
      }
      const secretIds = await readSecretIds(manager, id.organizationId);
      return { epoch: change ? slot.epoch : epoch, current, secretIds };
    });
  }
}

/** What a change did to the locked slot; without `change` nothing, and the slot stays as it was. */
interface SlotChange {
  change?: KeyChange;
  current: KeyVersion | null;
}

async function lockSlot(manager: EntityManager, id: SlotId): Promise<KeySlot> {
  await manager.query(`INSERT INTO key_slot (organization_id, provider) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    id.organizationId,
    id.provider,
  ]);
  return manager.findOneOrFail(KeySlot, { where: { ...id }, lock: { mode: 'pessimistic_write' } });
}

function sealedVersion(kek: TenantKek, id: SlotVersionId, newKey: NewKey, actor: string): KeyVersion {
  return Object.assign(new KeyVersion(), {
    ...id,
    secretId: randomUUID(),
    state: 'active',
    retiresAt: null,
    hint: newKey.hint,
    fingerprint: newKey.fingerprint,
    ...sealApiKey(kek, id, newKey.apiKey),
    createdBy: actor,
  });
}

async function retireAfter(manager: EntityManager, id: SlotId, overlapSeconds: number): Promise<void> {
  await manager.query(
    `UPDATE key_version SET state = 'retiring', retires_at = now() + make_interval(secs => $3)
     WHERE organization_id = $1 AND provider = $2 AND state = 'active'`,
    [id.organizationId, id.provider, overlapSeconds],
  );
}

async function retireNow(manager: EntityManager, id: SlotId): Promise<void> {
  await manager.query(
    `UPDATE key_version SET state = 'retired', retires_at = NULL
     WHERE organization_id = $1 AND provider = $2 AND state IN ('active', 'retiring')`,
    [id.organizationId, id.provider],
  );
}

async function wipe(manager: EntityManager, id: SlotId, state: 'revoked' | 'removed'): Promise<void> {
  await manager.query(
    `UPDATE key_version SET state = $3, retires_at = NULL, wrapped_dek = NULL, sealed_key = NULL
     WHERE organization_id = $1 AND provider = $2 AND state NOT IN ('revoked', 'removed')`,
    [id.organizationId, id.provider, state],
  );
}

function nothingStored(id: SlotId): AppError {
  return new AppError('not_found', 'not_found', {
    message: `No ${id.provider} key is stored.`,
    param: 'provider',
  });
}

function lostRace(epoch: number): AppError {
  return new AppError('precondition_failed', 'epoch_mismatch', {
    message: `The slot has changed since you read it: its epoch is now ${epoch}. Read it again and decide anew.`,
  });
}
