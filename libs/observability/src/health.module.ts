import { Controller, Get, Header, Module, Res, type DynamicModule } from '@nestjs/common';
import { HealthService, type HealthIndicator, type Readiness } from './health.service.js';
import { metricsRegistry } from './metrics.js';

@Controller('health')
class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: { status(code: number): unknown }): Promise<Readiness> {
    const readiness = await this.health.readiness();
    reply.status(readiness.status === 'ready' ? 200 : 503);
    return readiness;
  }
}

@Controller('metrics')
class MetricsController {
  @Get()
  @Header('content-type', metricsRegistry.contentType)
  read(): Promise<string> {
    return metricsRegistry.metrics();
  }
}

/** The routes and the service exist once in a process, however many modules register indicators. */
@Module({ controllers: [HealthController, MetricsController], providers: [HealthService], exports: [HealthService] })
class HealthRoutesModule {}

/**
 * `GET /health/live`, `GET /health/ready` and `GET /metrics`. Every module of a process may register its own
 * indicators: they add up. Exports `HealthService`.
 */
@Module({})
export class HealthModule {
  static register(options: { indicators: readonly HealthIndicator[] }): DynamicModule {
    const registration = {
      provide: Symbol('health indicators'),
      inject: [HealthService],
      useFactory: (health: HealthService): boolean => (health.add(options.indicators), true),
    };
    return {
      module: HealthModule,
      imports: [HealthRoutesModule],
      providers: [registration],
      exports: [HealthRoutesModule],
    };
  }
}
