import { Answers } from '#libs/openapi';
import { Controller, Get, Header, Module, Res, type DynamicModule, type Type } from '@nestjs/common';
import { z } from 'zod';
import { HealthService, readinessSchema, type HealthIndicator, type Readiness } from './health.service.js';
import { metricsRegistry } from './metrics.js';

const liveAnswer = z.object({ status: z.literal('live') });
const metricsAnswer = z.string().meta({ examples: ['# HELP latchkey_key_changes_total …'] });
const readyNotes = 'Checks that may fail without harm are told with a `reason` and leave it ready.';

@Controller('health')
class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Answers(200, liveAnswer, { summary: 'Whether the process is alive' })
  live(): z.infer<typeof liveAnswer> {
    return { status: 'live' };
  }

  @Get('ready')
  @Answers(200, readinessSchema, { summary: 'Whether it can do its work now', description: readyNotes })
  @Answers(503, readinessSchema, { description: 'It cannot; `checks` says why.' })
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
  @Answers(200, metricsAnswer, { summary: 'Metrics for Prometheus', mediaType: 'text/plain' })
  read(): Promise<string> {
    return metricsRegistry.metrics();
  }
}

/** Their routes, for the document of an application's HTTP API. */
export const healthControllers: Type[] = [HealthController, MetricsController];

/** The routes and the service exist once in a process, however many modules register indicators. */
@Module({ controllers: healthControllers, providers: [HealthService], exports: [HealthService] })
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
