import { Catalogue } from '#libs/catalogue';
import { runApp, standaloneConfigSchema, type StandaloneConfig } from '#libs/config';
import { ServiceKeyStore } from '#libs/keystore';
import { createLogger, NestLogger } from '#libs/observability';
import { ConfigApiModule, configureHttp, createFastifyAdapter, prepareDatabase } from '#apps/config-api';
import { connectResolver, grpcOptionsOf, ResolverModule } from '#apps/resolver';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataDirectory } from './data-directory.js';
import { startEmbeddedServers, type EmbeddedServers } from './embedded-servers.js';
import { welcome } from './welcome.js';

@Module({})
class StandaloneModule {}

await runApp({
  name: 'latchkey',
  about: 'config-api and resolver in one process, with an embedded PostgreSQL, for trying Latchkey',
  schema: standaloneConfigSchema,
  start,
});

async function start(config: StandaloneConfig): Promise<void> {
  const folder = await DataDirectory.open(config.LATCHKEY_DATA_DIR);
  const servers = await startEmbeddedServers(folder, config);
  try {
    const app = await startApp(config, folder, servers);
    stopOnSignal(app, servers);
  } catch (error) {
    await servers.stop();
    throw error;
  }
  process.stdout.write(welcome(config, folder));
}

async function startApp(
  config: StandaloneConfig,
  folder: DataDirectory,
  servers: EmbeddedServers,
): Promise<NestFastifyApplication> {
  await prepareDatabase(servers.dataSource, servers.kekProvider);
  const logger = new NestLogger(createLogger({ level: config.LATCHKEY_LOG_LEVEL, app: 'standalone' }));
  const module = await composition(config, folder, servers);
  const app = await NestFactory.create<NestFastifyApplication>(module, createFastifyAdapter(), {
    logger,
    abortOnError: false,
  });
  try {
    configureHttp(app);
    connectResolver(app, { eventBus: servers.eventBus, settings: config }, grpcOptionsOf(config));
    await app.startAllMicroservices();
    await app.listen(config.LATCHKEY_HTTP_PORT, config.LATCHKEY_HTTP_HOST);
    return app;
  } catch (error) {
    // Nothing of it may still be at work when PostgreSQL stops.
    await app.close();
    throw error;
  }
}

/** The two root modules on embedded adapters: the whole of what this app is. */
async function composition(
  config: StandaloneConfig,
  folder: DataDirectory,
  servers: EmbeddedServers,
): Promise<DynamicModule> {
  const { kekProvider, eventBus } = servers;
  const catalogue = Catalogue.load();
  await servers.resolverDataSource.initialize();
  return {
    module: StandaloneModule,
    imports: [
      ConfigApiModule.register({
        dataSource: servers.dataSource,
        databaseUrl: servers.databaseUrl,
        kekProvider,
        eventBus,
        catalogue,
        settings: { ...config, LATCHKEY_ADMIN_TOKEN: await folder.token('admin-token', config.LATCHKEY_ADMIN_TOKEN) },
      }),
      ResolverModule.register({
        dataSource: servers.resolverDataSource,
        kekProvider,
        eventBus,
        handleStore: servers.handleStore,
        handleKey: await new ServiceKeyStore(servers.dataSource, kekProvider).get('handle'),
        settings: {
          ...config,
          LATCHKEY_SERVICE_TOKEN: await folder.token('service-token', config.LATCHKEY_SERVICE_TOKEN),
        },
        catalogue,
        httpIntake: true,
      }),
    ],
  };
}

/** Drains on the first signal; a second one leaves at once, and the next start recovers. */
function stopOnSignal(app: NestFastifyApplication, servers: EmbeddedServers): void {
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(130);
    stopping = true;
    process.stdout.write('Stopping: finishing what is in hand…\n');
    await app.close();
    await servers.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
}
