import type { KeyChange } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { DataSource, EntityManager } from 'typeorm';
import { KeySlot } from './entities/key-slot.entity.js';
import { KeyVersion } from './entities/key-version.entity.js';
import { recordKeyChange } from './key-change.store.js';
import { withinOrganization } from './organization-scope.js';
import { readSecretIds } from './secret-ids.js';

export interface SlotId {
  organizationId: string;
  provider: string;
}

/** Who changes a slot, and which epoch they believe it has (a mismatch is refused; absent: any). */
export interface ChangeRequest {
  actor: string;
  expectedEpoch?: number | undefined;
  /** The same in every run of one request, which changes a slot once; absent: it is never run again. */
  requestId?: string | undefined;
}

/** The slot after a change, and the secret ids of all slots of the organization, as its transaction left them. */
export interface ChangedSlot {
  epoch: number;
  /** The version that new calls get; null when there is none. */
  current: { version: number; secretId: string } | null;
  secretIds: Map<string, string>;
}

/** What a change did to the locked slot; without `change` nothing, and the slot stays as it was. */
export interface SlotChange {
  change?: KeyChange;
  current: KeyVersion | null;
}

/**
 * Runs one change of a slot as one transaction: lock the slot, raise its epoch, apply, record change and outbox rows.
 * A request that has changed the slot already gets it as it is now. `precondition_failed` when the epoch is not the one
 * that the request expects.
 */
export function changeSlot(
  dataSource: DataSource,
  { id, request }: { id: SlotId; request: ChangeRequest },
  apply: (manager: EntityManager, slot: KeySlot) => Promise<SlotChange>,
): Promise<ChangedSlot> {
  return withinOrganization(dataSource, id.organizationId, async (manager) => {
    const slot = await lockSlot(manager, id);
    const { epoch } = slot;
    if (await hasChanged(manager, id, request)) {
      const current = await findCurrent(manager, slot);
      return { epoch, current, secretIds: await readSecretIds(manager, id.organizationId) };
    }
    if (request.expectedEpoch !== undefined && request.expectedEpoch !== epoch) throw lostRace(epoch);
    slot.epoch += 1;
    const { change, current } = await apply(manager, slot);
    if (change) {
      await manager.save(slot);
      const { actor, requestId } = request;
      await recordKeyChange(manager, { ...id, change, epoch: slot.epoch, current, actor, requestId });
    }
    const secretIds = await readSecretIds(manager, id.organizationId);
    return { epoch: change ? slot.epoch : epoch, current, secretIds };
  });
}

async function lockSlot(manager: EntityManager, id: SlotId): Promise<KeySlot> {
  await manager.query(`INSERT INTO key_slot (organization_id, provider) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    id.organizationId,
    id.provider,
  ]);
  return manager.findOneOrFail(KeySlot, { where: { ...id }, lock: { mode: 'pessimistic_write' } });
}

async function hasChanged(manager: EntityManager, id: SlotId, { requestId }: ChangeRequest): Promise<boolean> {
  if (requestId === undefined) return false;
  const rows = await manager.query<unknown[]>(
    `SELECT FROM key_change WHERE organization_id = $1 AND provider = $2 AND request_id = $3`,
    [id.organizationId, id.provider, requestId],
  );
  return rows.length > 0;
}

/** The version that new calls get; null when there is none. */
export async function findCurrent(manager: EntityManager, slot: KeySlot): Promise<KeyVersion | null> {
  const { organizationId, provider, currentVersion: version } = slot;
  return version === null ? null : manager.findOneBy(KeyVersion, { organizationId, provider, version });
}

function lostRace(epoch: number): AppError {
  return new AppError('precondition_failed', 'epoch_mismatch', {
    message: `The slot has changed since you read it: its epoch is now ${epoch}. Read it again and decide anew.`,
  });
}
