import { sealApiKey, SecretBytes, type TenantKek } from '#libs/crypto';
import type { SlotQuestion, SlotSnapshot, SlotSnapshotStore, TenantKekId, TenantKekStore } from '#libs/keystore';
import { randomBytes, randomUUID } from 'node:crypto';

/** A stored key, and what is unusual about its slot. */
export type SpecSlot = Partial<
  Pick<SlotSnapshot, 'epoch' | 'state' | 'fallback' | 'expired' | 'shared' | 'allowedModels' | 'region'>
> & {
  apiKey?: string;
  version?: number;
};

/** The keystore's part of resolving, in memory, for specs: slots that are really sealed, and what was asked of it. */
export class SpecSlots {
  /** Every round trip, as it was asked. */
  readonly asked: SlotQuestion[][] = [];
  /** Runs while a query is on its way. */
  onTheWay: () => void = () => undefined;
  private readonly keks = new Map<string, TenantKek>();
  private readonly parents = new Map<string, string>();
  private readonly slots = new Map<string, SlotSnapshot>();
  private readonly sealed = new Set<string>();

  addOrganization({ id = randomUUID(), parentId }: { id?: string; parentId?: string } = {}): string {
    if (parentId !== undefined) this.parents.set(id, parentId);
    this.keks.set(id, { organizationId: id, version: 1, key: SecretBytes.take(randomBytes(32)) });
    return id;
  }

  /** Writes a slot; one without a key has no current version. */
  put(organizationId: string, provider: string, slot: SpecSlot): void {
    const { apiKey, version = 1, ...unusual } = slot;
    const snapshot: SlotSnapshot = {
      organizationId,
      provider,
      epoch: version,
      state: apiKey === undefined ? 'empty' : 'active',
      fallback: 'when_missing',
      expired: false,
      shared: false,
      ...unusual,
    };
    if (apiKey !== undefined) {
      const kek = this.keks.get(organizationId)!;
      const sealed = sealApiKey(kek, { organizationId, provider, version }, SecretBytes.fromUtf8(apiKey));
      snapshot.current = { version, secretId: randomUUID(), sealed };
    }
    this.slots.set(`${organizationId}/${provider}`, snapshot);
  }

  /** Changes one byte of the stored key. */
  damage(organizationId: string, provider: string): void {
    const { sealedKey } = this.slots.get(`${organizationId}/${provider}`)!.current!.sealed!;
    sealedKey[sealedKey.length - 1]! ^= 1;
  }

  /** The root KEK does not unwrap this organization's KEK any more. */
  seal(organizationId: string): void {
    this.sealed.add(organizationId);
  }

  readonly snapshots = {
    read: async (questions: readonly SlotQuestion[]) => {
      this.asked.push([...questions]);
      const answers = questions.map((question) => this.answer(question));
      await new Promise((resolve) => setImmediate(resolve));
      this.onTheWay();
      return answers;
    },
  } as Pick<SlotSnapshotStore, 'read'> as SlotSnapshotStore;

  readonly tenantKeks = {
    held: ({ organizationId }: TenantKekId) =>
      this.sealed.has(organizationId) ? undefined : this.keks.get(organizationId),
    load: async () => undefined,
  } as Pick<TenantKekStore, 'held' | 'load'> as TenantKekStore;

  private answer({ organizationId, provider, heldVersion }: SlotQuestion): SlotSnapshot | undefined {
    if (!this.keks.has(organizationId)) return undefined;
    const parentId = this.parents.get(organizationId);
    const empty = { epoch: 0, state: 'empty', fallback: 'when_missing', expired: false, shared: false } as const;
    const stored = this.slots.get(`${organizationId}/${provider}`) ?? { organizationId, provider, ...empty };
    const slot = { ...stored, ...(parentId !== undefined && { parentId }) };
    if (!slot.current || slot.current.version !== heldVersion) return slot;
    return { ...slot, current: { version: slot.current.version, secretId: slot.current.secretId } };
  }
}
