import { isDeepStrictEqual } from 'node:util';
import { AppError } from '#libs/errors';
import type { DataSource } from 'typeorm';
import { KeySlot, type FallbackPolicy } from './entities/key-slot.entity.js';
import { withinOrganization } from './organization-scope.js';
import { changeSlot, findCurrent, type ChangedSlot, type ChangeRequest, type SlotId } from './slot-change.js';

/** What an organization says about the use of a slot; what is absent stays as it is. */
export interface SlotPolicy {
  /** Null: the organization's default counts. */
  fallback?: FallbackPolicy | null;
  /** When the key stops being used; null: never. */
  expiresAt?: Date | null;
  /** The only models; null: any. */
  allowedModels?: string[] | null;
  /** The only region; null: any. */
  region?: string | null;
  /** Whether child organizations may use the key. */
  shared?: boolean;
}

/** Changes under which conditions a slot gives its key, without touching the key. Each change raises the epoch. */
export class SlotConditionStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Sets the policy. Calls that have resolved keep their handles, except that those of child organizations are refused
   * while the slot is not shared. `not_found` for a new expiry date where there is no key that it could belong to.
   */
  setPolicy(id: SlotId, policy: SlotPolicy, request: ChangeRequest): Promise<ChangedSlot> {
    return changeSlot(this.dataSource, { id, request }, async (manager, slot) => {
      const current = await findCurrent(manager, slot);
      const before = { ...slot };
      if (!current && isNewDate(policy.expiresAt, slot.expiresAt)) throw noKeyToExpire(id);
      Object.assign(slot, withoutAbsent(policy));
      return isDeepStrictEqual({ ...slot }, before) ? { current } : { change: 'policy_changed', current };
    });
  }

  /** The region that the slot is bound to; undefined when it is not. */
  findRegion({ organizationId, provider }: SlotId): Promise<string | undefined> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      const slot = await manager.findOne(KeySlot, { where: { organizationId, provider }, select: { region: true } });
      return slot?.region ?? undefined;
    });
  }

  /**
   * Takes a key out of use that its provider refuses, until a check, which is due in a minute unless it was to come earlier,
   * finds it good again. `reason` is the verdict. Nothing happens unless this version is the one in use.
   */
  quarantine(id: SlotId, version: number, request: ChangeRequest & { reason: string }): Promise<ChangedSlot> {
    return changeSlot(this.dataSource, { id, request }, async (manager, slot) => {
      const current = await findCurrent(manager, slot);
      if (slot.state !== 'active' || slot.currentVersion !== version) return { current };
      Object.assign(slot, { state: 'quarantined', epochFloor: slot.epoch });
      await manager.query(
        `UPDATE key_version SET check_due_at = least(check_due_at, now() + interval '1 minute')
         WHERE organization_id = $1 AND provider = $2 AND version = $3`,
        [id.organizationId, id.provider, version],
      );
      return { change: 'quarantined', current, reason: request.reason };
    });
  }

  /** Puts a quarantined key back into use; nothing happens unless this version is the one in quarantine. */
  release(id: SlotId, version: number, request: ChangeRequest): Promise<ChangedSlot> {
    return changeSlot(this.dataSource, { id, request }, async (manager, slot) => {
      const current = await findCurrent(manager, slot);
      if (slot.state !== 'quarantined' || slot.currentVersion !== version) return { current };
      slot.state = 'active';
      return { change: 'released', current };
    });
  }
}

function isNewDate(wanted: Date | null | undefined, before: Date | null): boolean {
  return wanted instanceof Date && wanted.getTime() !== before?.getTime();
}

/** The date of a key goes with it: the next one would begin without. */
function noKeyToExpire({ provider }: SlotId): AppError {
  return new AppError('not_found', 'not_found', {
    message: `No ${provider} key is stored that could expire: store one with POST /byok first, or leave expires_at out.`,
    param: 'expires_at',
  });
}

function withoutAbsent(policy: SlotPolicy): SlotPolicy {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}
