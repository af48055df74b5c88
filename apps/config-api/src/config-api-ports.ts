import type { Catalogue } from '#libs/catalogue';
import type { ConfigApiConfig } from '#libs/config';
import type { KekProvider } from '#libs/crypto';
import type { EventBus } from '#libs/messaging';
import type { ProviderPorts } from '#libs/providers';
import type { DataSource } from 'typeorm';
import type { AttemptCounter } from './limits/attempt-counter.port.js';

/** What config-api runs on. Whoever brings these opens them before and closes them after the application. */
export interface ConfigApiPorts extends ProviderPorts {
  /** Connected to a database that `prepareDatabase` has prepared. */
  dataSource: DataSource;
  /** The same database, for the outbox relay's own connection. */
  databaseUrl: string;
  kekProvider: KekProvider;
  /** Where the outbox goes. It may be down: the outbox waits. */
  eventBus: EventBus;
  settings: Pick<
    ConfigApiConfig,
    | 'LATCHKEY_ADMIN_TOKEN'
    | 'LATCHKEY_OVERLAP_SECONDS'
    | 'LATCHKEY_VALIDATE_KEYS'
    | 'LATCHKEY_WEBHOOK_PRIVATE_ADDRESSES'
    | 'LATCHKEY_RATE_LIMIT_PER_MINUTE'
    | 'LATCHKEY_AUTH_FAILURES_PER_MINUTE'
  >;
  /** Counts requests; default: of this process only. */
  attempts?: AttemptCounter;
  /** Default: the built-in one. */
  catalogue?: Catalogue;
}
