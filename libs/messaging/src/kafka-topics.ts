import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import { pause } from './backoff.js';
import { forwardTopicBytesMax } from './event.js';
import { translateKafkaError } from './kafka-error.js';
import { kafkaClient } from './kafka-client.js';
import { silentLog, type LogEvent } from './log-event.js';

/** Node does not see this export by its name. */
const { ConfigResourceTypes } = kafkajs;

/** Within 5 s a broker knows its topics, or something is wrong. */
const triesMax = 50;

export interface EnsureTopicsOptions {
  brokers: string[];
  /** Put before every topic name. */
  topicPrefix?: string;
  /** Of topics that do not exist yet. Default 12: the ceiling of consumers in a group. */
  partitions?: number;
  /** Of topics that do not exist yet. Default: the broker's. */
  replicationFactor?: number;
  log?: LogEvent;
}

/**
 * Creates the topics that do not exist and leaves the others alone, but warns of one whose messages may be compressed
 * in a way that cannot be read. Retry and dead-letter topics take messages of
 * 2 MiB, so that an event of any size fits there with its reason. Rejects with `unavailable` without a broker.
 */
export async function ensureTopics(topics: readonly string[], options: EnsureTopicsOptions): Promise<void> {
  const { brokers, log = silentLog } = options;
  const admin = kafkaClient({ brokers, clientId: 'latchkey-topics', log }).admin();
  try {
    await admin.connect();
    await createMissing(admin, topics, options);
    await warnOfCompression(admin, topics, options);
  } catch (error) {
    throw translateKafkaError(error);
  } finally {
    await admin.disconnect();
  }
}

/** A broker may not know for a moment what its controller has just made: kafkajs does not wait for that. */
async function createMissing(admin: Admin, topics: readonly string[], options: EnsureTopicsOptions): Promise<void> {
  const { topicPrefix = '' } = options;
  for (let tryCount = 1; ; tryCount += 1) {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !existing.has(topicPrefix + topic));
    if (missing.length === 0) return;
    try {
      await admin.createTopics({ waitForLeaders: true, topics: missing.map((topic) => topicConfigOf(topic, options)) });
    } catch (error) {
      if (translateKafkaError(error).code !== 'event_topic_unknown' || tryCount === triesMax) throw error;
      await pause(100);
    }
  }
}

/** A message that is compressed with snappy, lz4 or zstd stops every consumer at its offset. */
async function warnOfCompression(admin: Admin, topics: readonly string[], options: EnsureTopicsOptions): Promise<void> {
  const { topicPrefix = '', log = silentLog } = options;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((topic) => ({
      type: ConfigResourceTypes.TOPIC,
      name: topicPrefix + topic,
      configNames: ['compression.type'],
    })),
  });
  for (const { resourceName, configEntries } of resources) {
    const compression = configEntries[0]?.configValue;
    if (compression === 'uncompressed' || compression === 'gzip') continue;
    log('warn', 'set compression.type of this topic to uncompressed or gzip: other compressions cannot be read', {
      topic: resourceName,
      compression,
    });
  }
}

function topicConfigOf(topic: string, options: EnsureTopicsOptions): ITopicConfig {
  return {
    topic: (options.topicPrefix ?? '') + topic,
    numPartitions: options.partitions ?? 12,
    replicationFactor: options.replicationFactor ?? -1,
    configEntries: [
      // kafkajs reads gzip only: whatever a producer compresses with, the broker stores what we can read.
      { name: 'compression.type', value: 'uncompressed' },
      ...(/\.(retry|dlq)$/.test(topic) ? [{ name: 'max.message.bytes', value: String(forwardTopicBytesMax) }] : []),
    ],
  };
}
