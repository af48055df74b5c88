import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { topics } from '#libs/contracts';
import { KafkaEventBus } from '#libs/messaging';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Deployment } from '../support/deployment.js';
import { realStack } from '../support/real-stack.js';
import { Canary, disguise, formNames, type Content } from './canary.js';
import { CanaryScene } from './canary.scene.js';
import { kafkaContents, postgresContents, redisContents } from './canary.stores.js';

jest.setTimeout(60_000);

/** Where an orchestrator's own events lie as it sent them. */
const ownEvents = /^Kafka \S+call\.started\.v1(\.retry|\.dlq)? value$/;

describe('no key is found where no key may be', () => {
  const canary = new Canary();
  const foreign = new Canary();
  let deployment: Deployment;
  let scene: CanaryScene;
  let stored: { redis: Content[]; postgres: Content[]; kafka: Content[] };

  const output = (): Content[] => [{ where: 'the output of the processes', bytes: Buffer.from(deployment.output()) }];

  beforeAll(async () => {
    deployment = await Deployment.start({ configApis: 2, resolvers: 2, env: { LATCHKEY_LOG_LEVEL: 'trace' } });
    scene = await CanaryScene.open(deployment, canary);
  });
  afterAll(async () => {
    await scene.close();
    await deployment.stop();
  });

  describe('while the main path and everything that goes wrong beside it', () => {
    it('hands out the keys themselves to those who redeem', async () => {
      const redeemed = await scene.walkMainPath();
      expect(redeemed.length).toBeGreaterThan(30);
      const contents = redeemed.map((apiKey) => ({ where: 'redeemed', bytes: Buffer.from(apiKey) }));
      const handedOut = new Set(canary.search(contents).map(({ marker }) => marker));
      expect(handedOut.size).toBe(7);
    });

    it('refuses keys in every other place over HTTP, gRPC and Kafka', async () => {
      const statuses = await scene.misplaceKeysInHttp();
      expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([]);
      expect(await scene.misplaceKeysInGrpc()).toBe(5);
      await scene.misplaceKeysInEvents(foreign);
      await scene.lookAtProcesses();
    });

    it('fills the stores', async () => {
      const redis = await redisContents();
      await Promise.all([...deployment.configApis, ...deployment.resolvers].map(({ app }) => app.stop()));
      const [postgres, kafka] = [
        await postgresContents(deployment.database.url),
        await kafkaContents(deployment.topicPrefix),
      ];
      stored = { redis, postgres, kafka };
      expect(redis.length).toBeGreaterThan(5);
      expect(new Set(postgres.map(({ where }) => where.split('.')[0])).size).toBeGreaterThan(8);
      expect(kafka.length).toBeGreaterThan(20);
      expect(deployment.output()).toContain('"level":"debug"');
    });
  });

  describe('there is no trace of a key', () => {
    it.each(['redis', 'kafka', 'postgres'] as const)('in %s', (store) => {
      expect(canary.search(stored[store])).toEqual([]);
    });

    it('in anything the processes printed at log level trace', () => {
      expect(canary.search(output())).toEqual([]);
    });

    it('in any answer over HTTP, headers, metrics and health included', () => {
      expect(scene.http.answers.length).toBeGreaterThan(60);
      expect(canary.search(scene.http.answers)).toEqual([]);
    });

    it('in any answer over gRPC but the one that exchanges a handle', () => {
      expect(canary.search(scene.grpcAnswers)).toEqual([]);
    });

    it('that somebody put into an event, anywhere but in that event', () => {
      const { redis, postgres, kafka } = stored;
      const contents = [...redis, ...postgres, ...kafka, ...output(), ...scene.http.answers, ...scene.grpcAnswers];
      const sightings = foreign.search(contents);
      expect(sightings.filter(({ where }) => !ownEvents.test(where))).toEqual([]);
      expect(new Set(sightings.map(({ marker }) => marker)).size).toBe(foreign.plantedCount);
    });
  });

  describe('the search itself', () => {
    it.each(formNames)('recognizes a key that is %s, wherever it stands in a text', (form) => {
      const bird = new Canary();
      for (let position = 0; position < 6; position++) {
        const content = disguise('.'.repeat(position) + bird.plant('sk-'), form);
        expect(bird.search([{ where: 'here', bytes: content }])).not.toEqual([]);
      }
      expect(bird.search([{ where: 'here', bytes: disguise(new Canary().plant(), form) }])).toEqual([]);
    });

    it('finds a key in every type of value of Redis, and in its keys', async () => {
      const bird = new Canary();
      const redis = new Redis(realStack().redisUrl);
      const name = (type: string): string => `canary-${randomUUID()}:${type}`;
      const names = ['string', 'hash', 'list', 'set', 'zset', 'stream'].map(name);
      const named = `${name('key')}${bird.plant()}`;
      await redis
        .multi()
        .set(names[0]!, disguise(bird.plant(), 'base64 at 1'), 'EX', 60)
        .hset(names[1]!, 'field', bird.plant(), bird.plant(), 'value')
        .rpush(names[2]!, 'first', disguise(bird.plant(), 'hex'))
        .sadd(names[3]!, bird.plant())
        .zadd(names[4]!, 1, bird.plant())
        .xadd(names[5]!, '*', 'field', bird.plant())
        .set(named, 'value', 'EX', 60)
        .exec();
      const found = bird.search(await redisContents());
      await redis.del(...names, named);
      redis.disconnect();
      expect(new Set(found.map(({ marker }) => marker)).size).toBe(bird.plantedCount);
    });

    it('finds a key in value, key and headers of every topic of the deployment', async () => {
      const bird = new Canary();
      const brokers = realStack().kafkaBrokers;
      const { topicPrefix } = deployment;
      const bus = new KafkaEventBus({ brokers, clientId: 'canary', source: 'canary', topicPrefix });
      for (const topic of Object.values(topics)) {
        const event = { topic, id: randomUUID(), type: topic, time: new Date().toISOString() };
        await bus.publish([
          { ...event, key: bird.plant(), value: disguise(bird.plant(), 'reversed') },
          {
            ...event,
            key: 'key',
            value: Buffer.from('{}'),
            headers: { header: bird.plant(), [bird.plant()]: 'value' },
          },
        ]);
      }
      await bus.close();
      const found = bird.search(await kafkaContents(topicPrefix));
      expect(new Set(found.map(({ marker }) => marker)).size).toBe(bird.plantedCount);
    });

    it('finds a key in every table of PostgreSQL: as text, as bytes, inside JSON, and in the server’s log', async () => {
      const bird = new Canary();
      const client = new pg.Client({ connectionString: deployment.database.url });
      await client.connect();
      await client.query('SET session_replication_role = replica');
      await client.query(`UPDATE organization SET name = $1`, [bird.plant()]);
      await client.query(`UPDATE key_version SET fingerprint = $1, created_by = $2`, [
        disguise(bird.plant(), 'utf16'),
        bird.plant(),
      ]);
      await client.query(`UPDATE receipt SET components = $1`, [JSON.stringify([{ deep: { down: bird.plant() } }])]);
      await client.query(`UPDATE outbox SET payload = $1`, [JSON.stringify({ [bird.plant()]: 1 })]);
      await client.query(`UPDATE service_key SET wrapped = $1`, [Buffer.from(bird.plant())]);
      await client.query(`DO $$ BEGIN RAISE WARNING '${bird.plant()}'; END $$`);
      await client.end();
      const found = bird.search(await postgresContents(deployment.database.url));
      expect(new Set(found.map(({ marker }) => marker)).size).toBe(bird.plantedCount);
    });

    it('finds a key in an answer over HTTP, and in the output of a process', () => {
      const bird = new Canary();
      const planted = [...scene.http.answers, ...output()].map(({ where, bytes }) => ({
        where,
        bytes: Buffer.concat([bytes, disguise(bird.plant(), 'plain')]),
      }));
      expect(bird.search(planted)).toHaveLength(bird.plantedCount);
    });
  });
});
