import type { KeyChange } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { DataSource, EntityManager } from 'typeorm';
import { KeySlot } from './entities/key-slot.entity.js';
import { KeyVersion } from './entities/key-version.entity.js';
import { recordKeyChanges } from './key-change.store.js';
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
  /** Why, where whoever is told should know. */
  reason?: string;
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
    const done = await findDone(manager, slot, request);
    if (done) return done;
    assertExpected(request, epoch);
    slot.epoch += 1;
    const { change, current, reason } = await apply(manager, slot);
    if (change) {
      await manager.save(slot);
      const { actor, requestId } = request;
      const recorded = { ...id, change, epoch: slot.epoch, current, actor, reason, requestId };
      await recordKeyChanges(manager, [recorded]);
    }
    const secretIds = await readSecretIds(manager, id.organizationId);
    return { epoch: change ? slot.epoch : epoch, current, secretIds };
  });
}

/** The slot as it is now, if the request has changed it in an earlier run. */
export async function findDone(
  manager: EntityManager,
  slot: KeySlot,
  { requestId }: ChangeRequest,
): Promise<ChangedSlot | undefined> {
  const { organizationId, provider, epoch } = slot;
  if (requestId === undefined) return undefined;
  const rows = await manager.query<unknown[]>(
    `SELECT FROM key_change WHERE organization_id = $1 AND provider = $2 AND request_id = $3`,
    [organizationId, provider, requestId],
  );
  if (rows.length === 0) return undefined;
  const current = await findCurrent(manager, slot);
  return { epoch, current, secretIds: await readSecretIds(manager, organizationId) };
}

/** Throws `precondition_failed` when the epoch is not the one that the request expects. */
export function assertExpected({ expectedEpoch }: ChangeRequest, epoch: number): void {
  if (expectedEpoch === undefined || expectedEpoch === epoch) return;
  throw new AppError('precondition_failed', 'epoch_mismatch', {
    message: `The slot has changed since you read it: its epoch is now ${epoch}. Read it again and decide anew.`,
  });
}

async function lockSlot(manager: EntityManager, id: SlotId): Promise<KeySlot> {
  await manager.query(`INSERT INTO key_slot (organization_id, provider) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    id.organizationId,
    id.provider,
  ]);
  return manager.findOneOrFail(KeySlot, { where: { ...id }, lock: { mode: 'pessimistic_write' } });
}

/** The version that new calls get; null when there is none. */
export async function findCurrent(manager: EntityManager, slot: KeySlot): Promise<KeyVersion | null> {
  const { organizationId, provider, currentVersion: version } = slot;
  return version === null ? null : manager.findOneBy(KeyVersion, { organizationId, provider, version });
}
