import { Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PostgresOutboxSource } from '#libs/keystore';
import { OutboxRelay } from '#libs/messaging';
import { HealthModule, nestLogEvent } from '#libs/observability';
import { OpenedKeyCache } from '#libs/resolution';
import { LastUseWorker } from './auth/last-use.worker.js';
import { BackgroundWork } from './background-work.js';
import { configApiControllers } from './config-api-controllers.js';
import { configApiHealth } from './config-api-health.js';
import type { ConfigApiPorts } from './config-api-ports.js';
import { configApiProviders } from './config-api-providers.js';

/** Everything config-api does, on the ports it is given. */
@Module({})
export class ConfigApiModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly relay: OutboxRelay,
    private readonly lastUse: LastUseWorker,
    private readonly background: BackgroundWork,
    private readonly opened: OpenedKeyCache,
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
    this.background.start();
  }

  /**
   * Nest comes here when the HTTP server has answered its last request: nothing writes to the outbox any more, and when
   * the background has stopped nothing opens a key.
   */
  async onApplicationShutdown(): Promise<void> {
    await this.lastUse.stop();
    await this.background.stop();
    this.opened.close();
    await this.relay.stop();
  }
}
