import type { Admin, ITopicConfig } from 'kafkajs';
import { pause } from './backoff.js';
import { forwardTopicBytesMax } from './event.js';
import { translateKafkaError } from './kafka-error.js';
import { kafkaClient } from './kafka-client.js';
import { silentLog, type LogEvent } from './log-event.js';

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
 * Creates the topics that do not exist and leaves the others alone. Retry and dead-letter topics take messages of
 * 2 MiB, so that an event of any size fits there with its reason. Rejects with `unavailable` without a broker.
 */
export async function ensureTopics(topics: readonly string[], options: EnsureTopicsOptions): Promise<void> {
  const { brokers, log = silentLog } = options;
  const admin = kafkaClient({ brokers, clientId: 'latchkey-topics', log }).admin();
  try {
    await admin.connect();
    await createMissing(admin, topics, options);
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

function topicConfigOf(topic: string, options: EnsureTopicsOptions): ITopicConfig {
  return {
    topic: (options.topicPrefix ?? '') + topic,
    numPartitions: options.partitions ?? 12,
    replicationFactor: options.replicationFactor ?? -1,
    configEntries: /\.(retry|dlq)$/.test(topic)
      ? [{ name: 'max.message.bytes', value: String(forwardTopicBytesMax) }]
      : [],
  };
}
