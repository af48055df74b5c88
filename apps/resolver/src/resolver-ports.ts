import type { Catalogue } from '#libs/catalogue';
import type { ResolvingConfig } from '#libs/config';
import type { KekProvider, SecretBytes } from '#libs/crypto';
import type { EpochGuard, SlotSnapshotStore } from '#libs/keystore';
import type { EventBus } from '#libs/messaging';
import type { DataSource } from 'typeorm';
import type { HandleStore } from './handles/handle.store.js';

/** Everything the resolver reaches the world through. Whoever brings these opens them before and closes them after it. */
export interface ResolverPorts {
  /** Connected, acting as the role `latchkey_resolver`. */
  dataSource: DataSource;
  kekProvider: KekProvider;
  eventBus: EventBus;
  handleStore: HandleStore;
  /** The service key under which handles are made and bundles sealed. */
  handleKey: SecretBytes;
  settings: ResolvingConfig;
  catalogue: Catalogue;
  /** Asks the primary unless something else is given. */
  epochGuard?: EpochGuard;
  /** Reads the primary unless something else is given. */
  slotSnapshots?: SlotSnapshotStore;
  /** Takes calls by HTTP as well. */
  httpIntake?: boolean;
}
