import type { ConfigApiConfig } from '#libs/config';
import { NestLogger, type Logger } from '#libs/observability';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigApiModule } from './config-api.module.js';
import type { ConfigApiPorts } from './config-api-ports.js';
import { configureHttp } from './http/configure-http.js';
import { createFastifyAdapter } from './http/fastify-adapter.js';

const stopTimeoutMs = 15_000;

/** Starts a config-api of its own on the given ports; it serves when the promise resolves. */
export async function startConfigApi(
  ports: ConfigApiPorts,
  config: Pick<ConfigApiConfig, 'LATCHKEY_HTTP_HOST' | 'LATCHKEY_HTTP_PORT'>,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const adapter = createFastifyAdapter();
  const app = await NestFactory.create<NestFastifyApplication>(ConfigApiModule.register(ports), adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  configureHttp(app);
  await app.listen(config.LATCHKEY_HTTP_PORT, config.LATCHKEY_HTTP_HOST);
  logger.info({ url: await app.getUrl() }, 'config-api is listening');
  return app;
}

/** Ends the process on SIGTERM or SIGINT: requests are finished, the relay stops, Kafka and PostgreSQL are let go. */
export function stopOnSignals(app: NestFastifyApplication, ports: ConfigApiPorts, logger: Logger): void {
  const stop = async (): Promise<void> => {
    await app.close();
    await ports.eventBus.close();
    await ports.dataSource.destroy();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'stopping');
      setTimeout(() => process.exit(1), stopTimeoutMs).unref();
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, 'stopping failed');
          process.exit(1);
        },
      );
    });
  }
}
