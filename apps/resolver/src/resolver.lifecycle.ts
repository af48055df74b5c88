import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { OpenedKeyCache } from './resolution/opened-key.cache.js';
import type { ResolverPorts } from './resolver-ports.js';

/** Closes what the resolver holds, after its transports have drained. */
@Injectable()
export class ResolverLifecycle implements OnApplicationShutdown {
  constructor(
    private readonly ports: ResolverPorts,
    private readonly opened: OpenedKeyCache,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.ports.eventBus.close();
    await this.ports.handleStore.close();
    this.opened.close();
    await this.ports.dataSource.destroy();
  }
}
