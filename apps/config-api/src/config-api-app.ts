import type { ConfigApiConfig, RunningApp } from '#libs/config';
import { NestLogger, type Logger } from '#libs/observability';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigApiModule } from './config-api.module.js';
import type { ConfigApiPorts } from './config-api-ports.js';
import { configureHttp } from './http/configure-http.js';
import { createFastifyAdapter } from './http/fastify-adapter.js';

/** Starts a config-api of its own on the given ports, which it closes when it stops; it serves when this resolves. */
export async function startConfigApi(
  ports: ConfigApiPorts,
  config: Pick<ConfigApiConfig, 'LATCHKEY_HTTP_HOST' | 'LATCHKEY_HTTP_PORT' | 'LATCHKEY_TRUSTED_PROXIES'>,
  logger: Logger,
): Promise<RunningApp> {
  const adapter = createFastifyAdapter(config.LATCHKEY_TRUSTED_PROXIES);
  const app = await NestFactory.create<NestFastifyApplication>(ConfigApiModule.register(ports), adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  configureHttp(app);
  await app.listen(config.LATCHKEY_HTTP_PORT, config.LATCHKEY_HTTP_HOST);
  logger.info({ url: await app.getUrl() }, 'config-api is listening');
  return {
    stop: async (signal) => {
      logger.info({ signal }, 'stopping');
      // Requests are finished and the relay has stopped before Kafka and PostgreSQL are let go.
      await app.close();
      await ports.attempts?.close();
      await ports.eventBus.close();
      await ports.dataSource.destroy();
    },
  };
}
