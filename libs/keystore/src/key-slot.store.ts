import { randomUUID } from 'node:crypto';
import type { KeyChange } from '#libs/contracts';
import { sealApiKey, type SecretBytes, type SlotVersionId, type TenantKek } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { In, type DataSource, type EntityManager } from 'typeorm';
import { KeySlot } from './entities/key-slot.entity.js';
import { KeyVersion } from './entities/key-version.entity.js';
import type { RecordedVerdict } from './recorded-verdict.js';
import { withinOrganization } from './organization-scope.js';
import {
  assertExpected,
  changeSlot,
  findDone,
  type ChangedSlot,
  type ChangeRequest,
  type SlotId,
} from './slot-change.js';
import type { TenantKekStore } from './tenant-kek.store.js';

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
  /** `not_found` unless the slot has had a key before. */
  mustReplace?: boolean;
  /** What the provider said of the key; absent when it was not asked. */
  check?: KeyCheck;
}

/** The outcome of a check before the key was stored. */
export interface KeyCheck {
  verdict: RecordedVerdict;
  /** Null when the key need not be checked again. */
  nextCheckAt: Date | null;
}

/** See `KeySlotStore.foresee`; `region` is the one that the slot is bound to. */
export interface Foreseen {
  region?: string | undefined;
  done?: ChangedSlot;
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

  /**
   * What there is to know of a replacement before its key is looked at: throws what `store` would throw by now; `done` when
   * the request has stored its key in an earlier run.
   */
  foresee(id: SlotId, { mustReplace }: Pick<NewKey, 'mustReplace'>, request: ChangeRequest): Promise<Foreseen> {
    return withinOrganization(this.dataSource, id.organizationId, async (manager) => {
      const slot = await manager.findOneBy(KeySlot, { ...id });
      const done = slot && (await findDone(manager, slot, request));
      if (done) return { done };
      assertExpected(request, slot?.epoch ?? 0);
      if (mustReplace && !slot?.lastVersion) throw neverStored(id);
      return { region: slot?.region ?? undefined };
    });
  }

  /** Adds the slot's first key or replaces the current one; either way a new version with a new secret id. */
  async store(id: SlotId, newKey: NewKey, request: ChangeRequest): Promise<ChangedSlot> {
    const { version: kekVersion } = await this.tenantKeks.getCurrent(id.organizationId);
    return changeSlot(this.dataSource, { id, request }, async (manager, slot) => {
      if (newKey.mustReplace && slot.lastVersion === 0) throw neverStored(id);
      const change: KeyChange = slot.state === 'empty' ? 'added' : 'rotated';
      if (newKey.mode === 'immediate') {
        slot.epochFloor = slot.epoch;
        await retireNow(manager, slot);
      } else {
        await retireAfter(manager, slot, newKey.overlapSeconds);
      }
      slot.lastVersion += 1;
      const kek = this.tenantKeks.held({ organizationId: id.organizationId, version: kekVersion });
      if (!kek) throw new AppError('unavailable', 'sealed', { message: 'The tenant KEK cannot be unwrapped.' });
      const version = await manager.save(
        sealedVersion(kek, { ...id, version: slot.lastVersion }, newKey, request.actor),
      );
      Object.assign(slot, { state: 'active', currentVersion: version.version, expiresAt: null });
      return { change, current: version };
    });
  }

  /**
   * Back to an earlier version whose key is still kept: the one that `version` names, or else the newest that has neither
   * expired nor been refused by its provider. One that was refused begins in quarantine. The current version retires
   * gracefully. `not_found` when there is none, `conflict` when it is the current one.
   */
  rollBack(
    id: SlotId,
    wanted: { version?: number; overlapSeconds: number },
    request: ChangeRequest,
  ): Promise<ChangedSlot> {
    return changeSlot(this.dataSource, { id, request }, async (manager, slot) => {
      const version = await findKept(manager, id, wanted.version ?? null, slot.currentVersion);
      await retireAfter(manager, slot, wanted.overlapSeconds);
      const state = isRefused(version) ? 'quarantined' : 'active';
      Object.assign(slot, { state, currentVersion: version.version, expiresAt: version.expiresAt });
      // A key that its provider refused once is asked about again as soon as it is current again.
      if (version.failedAt) version.checkDueAt = new Date();
      Object.assign(version, { state: 'active', retiresAt: null, expiresAt: null });
      await manager.save(version);
      return { change: 'rolled_back', current: version };
    });
  }

  /** The leak button: every version that could still be used is dead and its ciphertext gone. Repeating it changes nothing. */
  revoke(id: SlotId, request: ChangeRequest): Promise<ChangedSlot> {
    return changeSlot(this.dataSource, { id, request }, async (manager, slot) => {
      if (slot.state === 'revoked') return { current: null };
      if (slot.state === 'empty') throw nothingStored(id);
      await wipe(manager, id, 'revoked');
      Object.assign(slot, { state: 'revoked', currentVersion: null, epochFloor: slot.epoch });
      return { change: 'revoked', current: null };
    });
  }

  /** Back to "never stored": all ciphertext of the slot is gone. `not_found` when there was nothing. */
  remove(id: SlotId, request: ChangeRequest): Promise<ChangedSlot> {
    return changeSlot(this.dataSource, { id, request }, async (manager, slot) => {
      if (slot.state === 'empty') throw nothingStored(id);
      await wipe(manager, id, 'removed');
      Object.assign(slot, { state: 'empty', currentVersion: null, expiresAt: null, epochFloor: slot.epoch });
      return { change: 'removed', current: null };
    });
  }
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
    ...(newKey.check && checkColumns(newKey.check)),
  });
}

function checkColumns({ verdict: { verdict, ...verdictDetail }, nextCheckAt }: KeyCheck): Partial<KeyVersion> {
  return {
    verdict,
    verdictDetail,
    validatedAt: new Date(),
    checkDueAt: nextCheckAt,
    checkCount: nextCheckAt ? 1 : 0,
  };
}

/** The current version takes its expiry date along: an overlap does not prolong it, and a roll back finds it again. */
async function retireAfter(manager: EntityManager, slot: KeySlot, overlapSeconds: number): Promise<void> {
  await manager.query(
    `UPDATE key_version SET state = 'retiring', retires_at = now() + make_interval(secs => $4), expires_at = $3
     WHERE organization_id = $1 AND provider = $2 AND state = 'active'`,
    [slot.organizationId, slot.provider, slot.expiresAt, overlapSeconds],
  );
}

async function retireNow(manager: EntityManager, slot: KeySlot): Promise<void> {
  await manager.query(
    `UPDATE key_version SET state = 'retired', retires_at = NULL,
       expires_at = CASE WHEN state = 'active' THEN $3 ELSE expires_at END
     WHERE organization_id = $1 AND provider = $2 AND state IN ('active', 'retiring')`,
    [slot.organizationId, slot.provider, slot.expiresAt],
  );
}

function isRefused({ verdict }: KeyVersion): boolean {
  return verdict === 'invalid' || verdict === 'blocked';
}

function hasExpired({ expiresAt }: KeyVersion): boolean {
  return expiresAt !== null && expiresAt <= new Date();
}

async function wipe(manager: EntityManager, id: SlotId, state: 'revoked' | 'removed'): Promise<void> {
  await manager.query(
    `UPDATE key_version SET state = $3, retires_at = NULL, wrapped_dek = NULL, sealed_key = NULL
     WHERE organization_id = $1 AND provider = $2 AND state NOT IN ('revoked', 'removed')`,
    [id.organizationId, id.provider, state],
  );
}

function neverStored(id: SlotId): AppError {
  return new AppError('not_found', 'not_found', {
    message: `No ${id.provider} key has been stored yet: add the first one with POST /byok.`,
    param: 'provider',
  });
}

function nothingStored(id: SlotId): AppError {
  return new AppError('not_found', 'not_found', {
    message: `No ${id.provider} key is stored.`,
    param: 'provider',
  });
}

/** Versions of a slot that has been revoked or removed since have no ciphertext and so are never found. */
async function findKept(
  manager: EntityManager,
  id: SlotId,
  wanted: number | null,
  current: number | null,
): Promise<KeyVersion> {
  const kept = await manager.find(KeyVersion, {
    where: { ...id, state: In(['active', 'retiring', 'retired']), ...(wanted !== null && { version: wanted }) },
    order: { version: 'DESC' },
  });
  const earlier = kept.filter((candidate) => candidate.version !== current);
  const version = earlier.find((candidate) => wanted !== null || !(isRefused(candidate) || hasExpired(candidate)));
  if (version) return version;
  if (kept.length > 0 && wanted !== null) {
    throw new AppError('conflict', 'already_current', {
      message: `Version ${wanted} is the current one.`,
      param: 'version',
    });
  }
  throw new AppError('not_found', 'not_found', {
    message: `The ${id.provider} slot keeps no ${wanted === null ? 'earlier version that is good' : `version ${wanted}`} to go back to.`,
    param: 'version',
  });
}
