import { Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PostgresOutboxSource } from '#libs/keystore';
import { OutboxRelay } from '#libs/messaging';
import { HealthModule, nestLogEvent } from '#libs/observability';
import { LastUseWorker } from './auth/last-use.worker.js';
import { BackgroundWork } from './background-work.js';
import { configApiControllers } from './config-api-controllers.js';
import { configApiHealth } from './config-api-health.js';
import type { ConfigApiPorts } from './config-api-ports.js';
import { configApiProviders } from './config-api-providers.js';
import { HousekeepingWorker } from './housekeeping.worker.js';

/** Everything config-api does, on the ports it is given. */
@Module({})
export class ConfigApiModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly relay: OutboxRelay,
    private readonly housekeeping: HousekeepingWorker,
    private readonly lastUse: LastUseWorker,
    private readonly background: BackgroundWork,
  ) {}

  static register(ports: ConfigApiPorts): DynamicModule {
    const source = new PostgresOutboxSource(ports.databaseUrl);
    const relay = new OutboxRelay(source, ports.eventBus, { log: nestLogEvent('outbox') });
    return {
      module: ConfigApiModule,
      imports: [HealthModule.register({ indicators: configApiHealth(ports, relay) })],
      controllers: configApiControllers,
      providers: configApiProviders(ports, relay),
    };
  }

  onApplicationBootstrap(): void {
    this.relay.start();
    this.housekeeping.start();
    this.background.start();
  }

  /** Nest comes here when the HTTP server has answered its last request: nothing writes to the outbox any more. */
  async onApplicationShutdown(): Promise<void> {
    this.housekeeping.stop();
    await this.lastUse.stop();
    await this.background.stop();
    await this.relay.stop();
  }
}
