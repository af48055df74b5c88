import type { Catalogue } from '#libs/catalogue';
import type { ConfigApiConfig } from '#libs/config';
import type { KekProvider } from '#libs/crypto';
import type { EventBus } from '#libs/messaging';
import type { DataSource } from 'typeorm';

/** What config-api runs on. Whoever brings these opens them before and closes them after the application. */
export interface ConfigApiPorts {
  /** Connected to a database that `prepareDatabase` has prepared. */
  dataSource: DataSource;
  /** The same database, for the outbox relay's own connection. */
  databaseUrl: string;
  kekProvider: KekProvider;
  /** Where the outbox goes. It may be down: the outbox waits. */
  eventBus: EventBus;
  settings: Pick<ConfigApiConfig, 'LATCHKEY_ADMIN_TOKEN' | 'LATCHKEY_OVERLAP_SECONDS'>;
  /** Default: the built-in one. */
  catalogue?: Catalogue;
}
