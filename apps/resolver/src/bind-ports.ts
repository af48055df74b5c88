import { readCatalogue } from '#libs/catalogue';
import { untilAvailable, type ResolverConfig } from '#libs/config';
import { cryptoReady, LocalFileKekProvider, type KekProvider, type SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { createDataSource, databaseError, ServiceKeyStore } from '#libs/keystore';
import { KafkaEventBus } from '#libs/messaging';
import { logEventOf, type Logger } from '#libs/observability';
import type { DataSource } from 'typeorm';
import { RedisHandleStore } from './handles/redis-handle.store.js';
import type { ResolverPorts } from './resolver-ports.js';

/** SQLSTATE of a role that no migration has made yet. */
const unknownRole = '22023';

/** Binds the real servers to the resolver's ports. */
export async function bindResolverPorts(config: ResolverConfig, logger: Logger): Promise<ResolverPorts> {
  const catalogue = readCatalogue(config.LATCHKEY_CATALOGUE);
  await cryptoReady();
  const kekProvider = await LocalFileKekProvider.open(config.LATCHKEY_KEK_FILE, { createIfMissing: false });
  const dataSource = createDataSource({
    url: config.DATABASE_URL,
    applicationName: 'latchkey-resolver',
    role: 'latchkey_resolver',
    timeoutMs: 2_000,
  });
  const handleKey = await untilAvailable(
    () => connectAndReadHandleKey(dataSource, kekProvider),
    (error) => logger.warn(`waiting for the database: ${error.message}`),
  );
  return {
    dataSource,
    kekProvider,
    eventBus: new KafkaEventBus({
      brokers: config.KAFKA_BROKERS,
      clientId: 'latchkey-resolver',
      source: 'latchkey/resolver',
      topicPrefix: config.LATCHKEY_TOPIC_PREFIX,
      log: logEventOf(logger),
      onCrash: (error) => {
        logger.fatal(
          { err: error },
          'the Kafka consumer has stopped for good; exiting so that a new process takes over',
        );
        process.exit(1);
      },
    }),
    handleStore: new RedisHandleStore({
      url: config.REDIS_URL,
      log: (level, message) => logger[level](message),
    }),
    handleKey,
    settings: config,
    catalogue,
  };
}

async function connectAndReadHandleKey(dataSource: DataSource, kekProvider: KekProvider): Promise<SecretBytes> {
  try {
    if (!dataSource.isInitialized) await dataSource.initialize();
  } catch (error) {
    throw connectionProblem(error);
  }
  return new ServiceKeyStore(dataSource, kekProvider).get('handle');
}

/** On a server that config-api has never prepared not even our role exists: worth waiting for, too. */
function connectionProblem(error: unknown): AppError {
  if ((error as { code?: string }).code !== unknownRole) return databaseError(error);
  return new AppError('unavailable', 'database_not_prepared', {
    message: 'The database is not prepared yet: start config-api once.',
    cause: error,
  });
}
