import { readCatalogue, type Catalogue } from '#libs/catalogue';
import { runApp, standaloneConfigSchema, type RunningApp, type StandaloneConfig } from '#libs/config';
import { ServiceKeyStore } from '#libs/keystore';
import { createLogger, NestLogger } from '#libs/observability';
import { bindProviders, ConfigApiModule, configureHttp, createFastifyAdapter } from '#apps/config-api';
import { connectResolver, grpcOptionsOf, ResolverModule } from '#apps/resolver';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataDirectory } from './data-directory.js';
import { startEmbeddedServers, type EmbeddedServers } from './embedded-servers.js';
import { fakeProvidersFlag, providerSettings, startFakeProviders } from './fake-providers.js';
import { welcome } from './welcome.js';

@Module({})
class StandaloneModule {}

await runApp({
  name: 'latchkey',
  about: 'config-api and resolver in one process, with an embedded PostgreSQL, for trying Latchkey',
  schema: standaloneConfigSchema,
  flags: { [fakeProvidersFlag]: 'asks a fake of all providers about keys instead of them: no account is needed' },
  start,
  // By its PostgreSQL, which takes its own time to stop.
  outlived: true,
  stopTimeoutMs: 40_000,
});

type ComposedServers = EmbeddedServers & { catalogue: Catalogue };

async function start(config: StandaloneConfig, given: ReadonlySet<string>): Promise<RunningApp> {
  const catalogue = readCatalogue(config.LATCHKEY_CATALOGUE);
  const folder = await DataDirectory.open(config.LATCHKEY_DATA_DIR);
  const fake = await startFakeProviders(config, given);
  const servers = await startEmbeddedServers(folder).catch(async (error: unknown) => {
    await fake?.close();
    throw error;
  });
  const stopServers = async (): Promise<void> => {
    await servers.stop();
    await fake?.close();
  };
  try {
    const app = await startApp({ ...config, ...providerSettings(config, fake) }, folder, { ...servers, catalogue });
    return { welcome: welcome(config, folder, fake), stop: () => stop(app, stopServers) };
  } catch (error) {
    await stopServers();
    throw error;
  }
}

async function stop(app: NestFastifyApplication, stopServers: () => Promise<void>): Promise<void> {
  process.stdout.write('Stopping: finishing what is in hand…\n');
  await app.close();
  await stopServers();
}

async function startApp(
  config: StandaloneConfig,
  folder: DataDirectory,
  servers: ComposedServers,
): Promise<NestFastifyApplication> {
  const logger = new NestLogger(createLogger({ level: config.LATCHKEY_LOG_LEVEL, app: 'standalone' }));
  const module = await composition(config, folder, servers);
  const app = await NestFactory.create<NestFastifyApplication>(
    module,
    createFastifyAdapter(config.LATCHKEY_TRUSTED_PROXIES),
    {
      logger,
      abortOnError: false,
    },
  );
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
  servers: ComposedServers,
): Promise<DynamicModule> {
  const { kekProvider, eventBus, catalogue } = servers;
  return {
    module: StandaloneModule,
    imports: [
      ConfigApiModule.register({
        dataSource: servers.dataSource,
        databaseUrl: servers.databaseUrl,
        kekProvider,
        eventBus,
        catalogue,
        ...bindProviders(catalogue, config),
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
