import { Redis, type ChainableCommander } from 'ioredis';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import pg from 'pg';
import { realStack } from '../support/real-stack.js';
import type { Content } from './canary.js';

const asBytes = (value: unknown): Buffer =>
  Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Every key of Redis with all its values, of whatever type. */
export async function redisContents(): Promise<Content[]> {
  const redis = new Redis(realStack().redisUrl);
  const contents: Content[] = [];
  try {
    for await (const keys of redis.scanBufferStream({ count: 1_000 })) {
      const names = keys as Buffer[];
      const types = await answersOf(names.reduce((pipeline, name) => pipeline.type(name), redis.pipeline()));
      const pipeline = redis.pipeline();
      names.forEach((name, index) => readerOf(String(types[index]))(pipeline, name));
      const values = await answersOf(pipeline);
      names.forEach((name, index) => {
        const where = `Redis ${name.toString('latin1')}`;
        for (const bytes of [name, ...leavesOf(values[index])]) contents.push({ where, bytes });
      });
    }
    return contents;
  } finally {
    redis.disconnect();
  }
}

async function answersOf(pipeline: ChainableCommander): Promise<unknown[]> {
  return ((await pipeline.exec()) ?? []).map(([error, answer]) => {
    if (error) throw error;
    return answer;
  });
}

const redisReaders: Record<string, (pipeline: ChainableCommander, key: Buffer) => ChainableCommander> = {
  // It has expired on the way: to ask for it keeps the answers in step.
  none: (pipeline, key) => pipeline.getBuffer(key),
  string: (pipeline, key) => pipeline.getBuffer(key),
  hash: (pipeline, key) => pipeline.hgetallBuffer(key),
  list: (pipeline, key) => pipeline.lrangeBuffer(key, 0, -1),
  set: (pipeline, key) => pipeline.smembersBuffer(key),
  zset: (pipeline, key) => pipeline.zrangeBuffer(key, 0, -1),
  stream: (pipeline, key) => pipeline.xrangeBuffer(key, '-', '+'),
};

function readerOf(type: string): (typeof redisReaders)[string] {
  const reader = redisReaders[type];
  if (!reader) throw new Error(`Redis holds a ${type}, which this search does not know`);
  return reader;
}

/** Every name and value inside an answer of Redis, each as bytes. */
function leavesOf(answer: unknown): Buffer[] {
  if (answer === null || answer === undefined) return [];
  if (Array.isArray(answer)) return answer.flatMap(leavesOf);
  if (typeof answer === 'object' && !Buffer.isBuffer(answer)) return Object.entries(answer).flatMap(leavesOf);
  return [asBytes(answer)];
}

/** Every row of every table, each column as it is and as text, and what the server remembers of statements. */
export async function postgresContents(url: string): Promise<Content[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'm', 'f')
         AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`,
    );
    const contents: Content[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<Record<string, unknown>>(`SELECT t.*, t::text AS row_as_text FROM ${name} t`);
      for (const row of rows) {
        for (const [column, value] of Object.entries(row)) {
          contents.push({ where: `PostgreSQL ${name}.${column}`, bytes: asBytes(value) });
        }
      }
    }
    return [...contents, ...(await serverMemory(client))];
  } finally {
    await client.end();
  }
}

/** The last statement of every connection, and the server's log. */
async function serverMemory(client: pg.Client): Promise<Content[]> {
  const statements = await client.query<{ query: string }>('SELECT query FROM pg_stat_activity');
  const log = await client.query<{ bytes: Buffer }>(`SELECT pg_read_binary_file('server.log') AS bytes`);
  return [
    ...statements.rows.map(({ query }) => ({ where: 'PostgreSQL statements', bytes: asBytes(query) })),
    ...log.rows.map(({ bytes }) => ({ where: 'PostgreSQL log', bytes })),
  ];
}

/** Every message of every topic with this prefix: key, value, names and values of headers. */
export async function kafkaContents(topicPrefix: string): Promise<Content[]> {
  const kafka = new Kafka({ clientId: 'canary', brokers: realStack().kafkaBrokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix));
  const left = new Map<string, bigint>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (BigInt(high) > BigInt(low)) left.set(`${topic}/${partition}`, BigInt(high) - 1n);
    }
  }
  await admin.disconnect();
  if (left.size === 0) return [];
  return readUntil(kafka, topics, left);
}

/** Reads until the last offset of every partition has come. */
async function readUntil(kafka: Kafka, topics: string[], last: Map<string, bigint>): Promise<Content[]> {
  const contents: Content[] = [];
  const consumer = kafka.consumer({ groupId: `canary-${process.hrtime.bigint()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not read to the end: ${[...last.keys()].join()}`)), 30_000);
    const eachMessage = async (read: { topic: string; partition: number; message: KafkaMessage }): Promise<void> => {
      const { topic, partition, message } = read;
      contents.push(...messageContents(topic, message));
      const end = last.get(`${topic}/${partition}`);
      if (end !== undefined && BigInt(message.offset) >= end) last.delete(`${topic}/${partition}`);
      if (last.size > 0) return;
      clearTimeout(timer);
      resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return contents;
}

function messageContents(topic: string, { key, value, headers = {} }: KafkaMessage): Content[] {
  const ofHeaders = Object.entries(headers).flatMap(([name, header]) =>
    [name, ...[header].flat()].map((part) => ({ where: `Kafka ${topic} header ${name}`, bytes: asBytes(part) })),
  );
  return [
    { where: `Kafka ${topic} key`, bytes: asBytes(key) },
    { where: `Kafka ${topic} value`, bytes: asBytes(value) },
    ...ofHeaders,
  ];
}
