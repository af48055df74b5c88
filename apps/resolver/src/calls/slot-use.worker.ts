import type { CallKeysResolved } from '#libs/contracts';
import { platformOrganizationId, type SlotUse, type SlotUseStore } from '#libs/keystore';
import { SlotMap } from '#libs/resolution';
import { Logger } from '@nestjs/common';

const intervalMs = 3_000;
/** What one statement writes well within its time. Slots beyond that wait for their next use. */
const slotsMax = 5_000;

/** Writes down when calls got the keys of slots: a little later, in one statement. A crash loses the last seconds. */
export class SlotUseWorker {
  private readonly logger = new Logger(SlotUseWorker.name);
  private waiting = new SlotMap<SlotUse>();
  private timer: NodeJS.Timeout | undefined;
  private writing = Promise.resolve();

  constructor(private readonly store: Pick<SlotUseStore, 'note'>) {}

  /** Notes whose keys a call got; nothing is written here. */
  note({ organization_id: organizationId, components }: CallKeysResolved, resolvedAt: Date): void {
    for (const component of components) {
      if (component.status === 'resolved') this.keep(ownerOf(component, organizationId), component.slot, resolvedAt);
    }
  }

  /** Writes what is still to be written. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await this.writing;
    await this.write();
    clearTimeout(this.timer);
  }

  private keep(organizationId: string, provider: string, lastUsedAt: Date): void {
    const use = this.waiting.get(organizationId, provider);
    if (use) {
      if (use.lastUsedAt < lastUsedAt) use.lastUsedAt = lastUsedAt;
    } else if (this.waiting.size < slotsMax) {
      this.waiting.set(organizationId, provider, { organizationId, provider, lastUsedAt });
    }
    this.timer ??= setTimeout(() => this.writeNext(), intervalMs).unref();
  }

  private writeNext(): void {
    this.timer = undefined;
    this.writing = this.writing.then(() => this.write());
  }

  private async write(): Promise<void> {
    const uses = this.waiting.values();
    this.waiting = new SlotMap();
    try {
      if (uses.length > 0) await this.store.note(uses);
    } catch (error) {
      this.logger.warn({ msg: 'last uses of keys could not be written; they are with the next ones', err: error });
      for (const use of uses) this.keep(use.organizationId, use.provider, use.lastUsedAt);
    }
  }
}

/** Whose key a component got. */
function ownerOf(
  { source, inherited_from: agencyId }: Extract<CallKeysResolved['components'][number], { status: 'resolved' }>,
  organizationId: string,
): string {
  return source === 'platform' ? platformOrganizationId : (agencyId ?? organizationId);
}
