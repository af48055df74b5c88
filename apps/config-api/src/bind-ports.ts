import { readCatalogue } from '#libs/catalogue';
import { untilAvailable, type ConfigApiConfig } from '#libs/config';
import { cryptoReady, LocalFileKekProvider } from '#libs/crypto';
import { createDataSource, databaseError, holdsSealedKeys } from '#libs/keystore';
import { KafkaEventBus } from '#libs/messaging';
import { logEventOf, type Logger } from '#libs/observability';
import { bindProviders } from './bind-providers.js';
import type { DataSource } from 'typeorm';
import type { ConfigApiPorts } from './config-api-ports.js';
import { RedisAttemptCounter } from './limits/redis-attempt.counter.js';
import { prepareDatabase } from './prepare-database.js';

/** Binds the real servers to config-api's ports. Waits half a minute for PostgreSQL, not at all for Kafka. */
export async function bindConfigApiPorts(config: ConfigApiConfig, logger: Logger): Promise<ConfigApiPorts> {
  const catalogue = readCatalogue(config.LATCHKEY_CATALOGUE);
  await cryptoReady();
  const { dataSource, kekProvider } = await untilAvailable(
    () => openDatabase(config),
    (error) => logger.warn({ err: error }, 'waiting for the database'),
  );
  const eventBus = new KafkaEventBus({
    brokers: config.KAFKA_BROKERS,
    clientId: 'latchkey-config-api',
    source: 'latchkey/config-api',
    topicPrefix: config.LATCHKEY_TOPIC_PREFIX,
    // The relay tries again from the outbox, and a stop should not wait for Kafka.
    publishDeadlineMs: 5_000,
    onCrash: (error) => logger.error({ err: error }, 'a Kafka consumer has stopped for good: restart this process'),
    log: logEventOf(logger),
  });
  return {
    dataSource,
    databaseUrl: config.DATABASE_URL,
    kekProvider,
    eventBus,
    settings: config,
    ...(config.REDIS_URL && { attempts: countInRedis(config.REDIS_URL, config, logger) }),
    catalogue,
    ...bindProviders(catalogue, config),
  };
}

function countInRedis(url: string, config: ConfigApiConfig, logger: Logger): RedisAttemptCounter {
  return new RedisAttemptCounter({
    url,
    keyPrefix: `latchkey:${config.LATCHKEY_TOPIC_PREFIX}attempts`,
    log: (level, message) => logger[level](message),
  });
}

/** Makes the root KEK only for a database that has nothing sealed yet: a lost file must be brought back, not replaced. */
async function openDatabase(config: ConfigApiConfig): Promise<Pick<ConfigApiPorts, 'dataSource' | 'kekProvider'>> {
  const dataSource = await connect(config.DATABASE_URL);
  const kekProvider = await LocalFileKekProvider.open(config.LATCHKEY_KEK_FILE, {
    createIfMissing: !(await holdsSealedKeys(dataSource)),
  });
  await prepareDatabase(dataSource, kekProvider);
  return { dataSource, kekProvider };
}

async function connect(url: string): Promise<DataSource> {
  try {
    return await createDataSource({ url, applicationName: 'latchkey-config-api' }).initialize();
  } catch (error) {
    throw databaseError(error);
  }
}
