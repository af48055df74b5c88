import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { deadLetterTopicOf } from '#libs/contracts';
import { ensureTopics } from '#libs/messaging';
import { realStack } from '../support/real-stack.js';

interface Logged {
  level: string;
  topic: unknown;
  compression: unknown;
}

describe('the topics on Apache Kafka', () => {
  const topicPrefix = `topics-${randomUUID().slice(0, 8)}.`;
  let admin: Admin;

  beforeAll(async () => {
    admin = new kafkajs.Kafka({ brokers: realStack().kafkaBrokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
  });
  afterAll(() => admin.disconnect());

  const ensure = async (...names: string[]): Promise<Logged[]> => {
    const logged: Logged[] = [];
    await ensureTopics(names, {
      brokers: realStack().kafkaBrokers,
      topicPrefix,
      partitions: 1,
      log: (level, _, { topic, compression } = {}) => void logged.push({ level, topic, compression }),
    });
    return logged;
  };
  const makeElsewhere = (name: string, compression?: string): Promise<unknown> =>
    admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic: topicPrefix + name,
          numPartitions: 1,
          ...(compression && { configEntries: [{ name: 'compression.type', value: compression }] }),
        },
      ],
    });
  const settingsOf = async (name: string): Promise<Record<string, string>> => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topicPrefix + name }],
    });
    return Object.fromEntries(
      resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
  };

  it('are stored uncompressed, whatever their producers do, and nobody is warned', async () => {
    const dead = deadLetterTopicOf('made.v1');
    expect(await ensure('made.v1', dead)).toEqual([]);
    expect(await ensure('made.v1', dead)).toEqual([]);
    for (const name of ['made.v1', dead]) {
      expect(await settingsOf(name)).toMatchObject({ 'compression.type': 'uncompressed' });
    }
  });

  it.each([undefined, 'producer', 'snappy', 'lz4', 'zstd'])(
    'made by somebody else with the compression %s stay as they are, with a warning that names them',
    async (compression) => {
      const name = `foreign.${compression}.v1`;
      await makeElsewhere(name, compression);
      const found = compression ?? 'producer';
      expect(await ensure(name)).toEqual([{ level: 'warn', topic: topicPrefix + name, compression: found }]);
      expect(await settingsOf(name)).toMatchObject({ 'compression.type': found });
    },
  );

  it.each(['gzip', 'uncompressed'])('made by somebody else with the compression %s are fine', async (compression) => {
    await makeElsewhere(`fine.${compression}.v1`, compression);
    expect(await ensure(`fine.${compression}.v1`)).toEqual([]);
  });
});
