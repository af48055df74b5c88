import { Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PostgresOutboxSource } from '#libs/keystore';
import { OutboxRelay } from '#libs/messaging';
import { HealthModule, nestLogEvent } from '#libs/observability';
import { ByokController } from './byok/byok.controller.js';
import { ByokKeysController } from './byok/byok-keys.controller.js';
import { PlatformKeysController } from './byok/platform-keys.controller.js';
import { configApiIndicators } from './config-api-indicators.js';
import type { ConfigApiPorts } from './config-api-ports.js';
import { configApiProviders } from './config-api-providers.js';
import { OrganizationsController } from './organizations/organizations.controller.js';
import { HousekeepingWorker } from './housekeeping.worker.js';
import { ReceiptsController } from './receipts/receipts.controller.js';
import { RootController } from './root.controller.js';

/** Everything config-api does, on the ports it is given. */
@Module({})
export class ConfigApiModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly relay: OutboxRelay,
    private readonly housekeeping: HousekeepingWorker,
  ) {}

  static register(ports: ConfigApiPorts): DynamicModule {
    const source = new PostgresOutboxSource(ports.databaseUrl);
    const relay = new OutboxRelay(source, ports.eventBus, { log: nestLogEvent('outbox') });
    return {
      module: ConfigApiModule,
      imports: [HealthModule.register({ indicators: configApiIndicators(ports, relay) })],
      controllers: [
        RootController,
        ByokController,
        ByokKeysController,
        PlatformKeysController,
        OrganizationsController,
        ReceiptsController,
      ],
      providers: configApiProviders(ports, relay),
    };
  }

  onApplicationBootstrap(): void {
    this.relay.start();
    this.housekeeping.start();
  }

  /** Nest comes here when the HTTP server has answered its last request: nothing writes to the outbox any more. */
  async onApplicationShutdown(): Promise<void> {
    this.housekeeping.stop();
    await this.relay.stop();
  }
}
