import { randomBytes, randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { cryptoReady, MemoryKekProvider, SecretBytes, TenantKekCache } from '#libs/crypto';
import {
  createDataSource,
  KeySlotStore,
  SlotConditionStore,
  OrganizationStore,
  poolOf,
  TenantKekStore,
  type ChangedSlot,
  type NewKey,
  type SlotId,
} from '#libs/keystore';
import { FreshDatabase } from '../support/real-stack.js';

/** Who changes slots in these tests. */
export const spec = { actor: 'spec' };

/** A slot as its row says it. */
export interface SlotRow {
  epoch: number;
  epochFloor: number;
  state: string;
  currentVersion: number | null;
}

/** The keystore on a fresh database of the real server. */
export class KeystoreFixture {
  private constructor(
    private readonly database: FreshDatabase,
    readonly dataSource: DataSource,
    readonly kekProvider: MemoryKekProvider,
  ) {}

  static async start(): Promise<KeystoreFixture> {
    await cryptoReady();
    const database = await FreshDatabase.create();
    const dataSource = createDataSource({ url: database.url, applicationName: 'keystore-spec', poolSizeMax: 24 });
    return new KeystoreFixture(database, await dataSource.initialize(), new MemoryKekProvider());
  }

  async stop(): Promise<void> {
    await this.dataSource.destroy();
    await this.database.drop();
  }

  get url(): string {
    return this.database.url;
  }

  get pool(): Pool {
    return poolOf(this.dataSource);
  }

  /** A store with a memory of its own, as another process would have. */
  conditions(): SlotConditionStore {
    return new SlotConditionStore(this.dataSource);
  }

  slots(): KeySlotStore {
    return new KeySlotStore(
      this.dataSource,
      new TenantKekStore(this.dataSource, this.kekProvider, new TenantKekCache(this.kekProvider)),
    );
  }

  async organization(parentId: string | null = null): Promise<string> {
    const token = { id: randomBytes(12).toString('hex'), hash: randomBytes(32) };
    const created = await new OrganizationStore(this.dataSource).create({
      id: randomUUID(),
      name: 'Spec',
      parentId,
      token,
    });
    return created.id;
  }

  /** A slot of a new organization with one version. */
  async storedSlot(provider = 'openai'): Promise<SlotId> {
    const id = { organizationId: await this.organization(), provider };
    await this.slots().store(id, newKey(), spec);
    return id;
  }

  rotate(id: SlotId, mode: NewKey['mode'], overlapSeconds = 900): Promise<ChangedSlot> {
    return this.slots().store(id, { ...newKey(), mode, overlapSeconds }, spec);
  }

  /** The rows of a query as the database's owner, whom no policy holds back. */
  async rows<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.dataSource.query<Row[]>(sql, values);
  }

  async slotRow({ organizationId, provider }: SlotId): Promise<SlotRow> {
    const [row] = await this.rows<SlotRow>(
      `SELECT epoch::integer, epoch_floor::integer AS "epochFloor", state, current_version AS "currentVersion"
       FROM key_slot WHERE organization_id = $1 AND provider = $2`,
      [organizationId, provider],
    );
    if (!row) throw new Error('the slot was never written');
    return row;
  }
}

/** A key to store gracefully, its bytes spent by whoever stores it. */
export function newKey(apiKey = `sk-spec-${randomBytes(12).toString('hex')}`): NewKey {
  return {
    apiKey: SecretBytes.fromUtf8(apiKey),
    hint: null,
    fingerprint: randomBytes(16),
    mode: 'graceful',
    overlapSeconds: 900,
  };
}
