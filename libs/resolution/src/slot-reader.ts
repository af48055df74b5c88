import { openApiKey, type SecretBytes } from '#libs/crypto';
import type { SlotSnapshot, SlotSnapshotStore, TenantKekStore } from '#libs/keystore';
import type { OpenedKeyCache } from './opened-key.cache.js';
import { SlotMap } from './slot-map.js';

export interface SlotRef {
  organizationId: string;
  provider: string;
}

/** A slot as the primary sees it; `apiKey` is absent when it has no key, or one that cannot be opened (`sealed`). */
export interface ReadSlot {
  snapshot: SlotSnapshot;
  apiKey: SecretBytes | undefined;
}

/** Which slots to read. */
export interface WantedSlots {
  refs: readonly SlotRef[];
  /** What must be read as well, seeing the others; asked for with a second query if it names any. */
  further: (snapshots: readonly SlotSnapshot[]) => readonly SlotRef[];
}

/** Reads slots from the primary and opens the keys they name, with as few round trips as possible. */
export class SlotReader {
  constructor(
    private readonly store: SlotSnapshotStore,
    private readonly tenantKeks: TenantKekStore,
    private readonly opened: OpenedKeyCache,
    /** Told of every stored key that does not open: damage or tampering, never normal. */
    private readonly onUnopenable: (slot: SlotRef, error: unknown) => void,
  ) {}

  /**
   * The slots as they are now on the primary, without those of organizations that do not exist. `use` runs in the very
   * turn in which the keys were found: later they may be zeroed.
   */
  async read<T>(wanted: WantedSlots, use: (slots: SlotMap<ReadSlot>) => T): Promise<T> {
    const slots = this.withKeys(await this.fetch(wanted, true));
    // A key that left the cache while the query was on its way: ask once more, for the ciphertexts too.
    if (slots.values().some(isLost)) return use(this.withKeys(await this.fetch(wanted, false)));
    return use(slots);
  }

  /** Leaves ciphertexts out where the key is held and that is to be trusted; the KEKs of the others are in memory then. */
  private async fetch({ refs, further }: WantedSlots, trustHeld: boolean): Promise<SlotSnapshot[]> {
    const snapshots = await this.ask(refs, trustHeld);
    const more = further(snapshots);
    if (more.length > 0) snapshots.push(...(await this.ask(more, trustHeld)));
    await this.tenantKeks.load(snapshots.flatMap((snapshot) => kekIdOf(snapshot) ?? []));
    return snapshots;
  }

  private async ask(refs: readonly SlotRef[], trustHeld: boolean): Promise<SlotSnapshot[]> {
    const snapshots = await this.store.read(
      refs.map(({ organizationId, provider }) => ({
        organizationId,
        provider,
        heldVersion: trustHeld ? this.opened.heldVersion(organizationId, provider) : undefined,
      })),
    );
    return snapshots.filter((snapshot) => snapshot !== undefined);
  }

  private withKeys(snapshots: readonly SlotSnapshot[]): SlotMap<ReadSlot> {
    const slots = new SlotMap<ReadSlot>();
    for (const snapshot of snapshots) {
      slots.set(snapshot.organizationId, snapshot.provider, { snapshot, apiKey: this.apiKeyOf(snapshot) });
    }
    return slots;
  }

  private apiKeyOf(snapshot: SlotSnapshot): SecretBytes | undefined {
    const { organizationId, provider, current } = snapshot;
    if (!current) return undefined;
    return current.sealed ? this.open(snapshot) : this.opened.get(organizationId, provider, current.version);
  }

  private open(snapshot: SlotSnapshot): SecretBytes | undefined {
    const { organizationId, provider, current } = snapshot;
    const kekId = kekIdOf(snapshot);
    const kek = kekId && this.tenantKeks.held(kekId);
    if (!current?.sealed || !kek) return undefined;
    try {
      const apiKey = openApiKey(kek, { organizationId, provider, version: current.version }, current.sealed);
      this.opened.set(organizationId, provider, current.version, apiKey);
      return apiKey;
    } catch (error) {
      this.onUnopenable({ organizationId, provider }, error);
      return undefined;
    }
  }
}

/** A slot reader that logs every stored key that does not open. */
export function loggingSlotReader(
  { snapshots, tenantKeks }: { snapshots: SlotSnapshotStore; tenantKeks: TenantKekStore },
  opened: OpenedKeyCache,
  logger: { error(message: string): void },
): SlotReader {
  return new SlotReader(snapshots, tenantKeks, opened, ({ organizationId, provider }) =>
    logger.error(`the stored key of ${organizationId}/${provider} does not open`),
  );
}

function isLost({ snapshot: { current }, apiKey }: ReadSlot): boolean {
  return current !== undefined && !current.sealed && !apiKey;
}

function kekIdOf({ organizationId, current }: SlotSnapshot): { organizationId: string; version: number } | undefined {
  return current?.sealed && { organizationId, version: current.sealed.tenantKekVersion };
}
