import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import pg from 'pg';
import { createDataSource, migrate } from '#libs/keystore';
import { ensureTopics } from '#libs/messaging';
import { topics } from '#libs/contracts';

/** Addresses of the real servers, started once per test run by global-setup.ts. */
export interface RealStack {
  databaseUrl: string;
  redisUrl: string;
  kafkaBrokers: string[];
}

export function realStack(): RealStack {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, KAFKA_BROKERS: brokers } = process.env;
  if (!databaseUrl || !redisUrl || !brokers) {
    throw new Error('The real servers are not there: run the tests through "npm test", or "npm run stack:up" first.');
  }
  return { databaseUrl, redisUrl, kafkaBrokers: brokers.split(',') };
}

/** A database of its own on the real server, migrated or empty. */
export class FreshDatabase {
  private constructor(
    readonly url: string,
    private readonly name: string,
  ) {}

  static async create(options: { migrated?: boolean } = {}): Promise<FreshDatabase> {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await onServer((client) => client.query(`CREATE DATABASE ${name}`));
    const url = new URL(realStack().databaseUrl);
    url.pathname = `/${name}`;
    const database = new FreshDatabase(url.href, name);
    if (options.migrated ?? true) {
      const dataSource = createDataSource({ url: database.url, applicationName: 'test-migrations' });
      await dataSource.initialize();
      await migrate(dataSource);
      await dataSource.destroy();
    }
    return database;
  }

  async drop(): Promise<void> {
    await onServer((client) => client.query(`DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`));
  }
}

/** A topic prefix of its own, with every topic made, on the shared broker unless others are given. */
export async function freshTopicPrefix(partitions = 4, brokers = realStack().kafkaBrokers): Promise<string> {
  const prefix = `t${randomBytes(5).toString('hex')}.`;
  await ensureTopics(Object.values(topics), { brokers, topicPrefix: prefix, partitions });
  return prefix;
}

/** A path for a root KEK of its own, inside the ignored folder of the test stack. */
export function freshKekFile(): string {
  return resolve(process.env.LATCHKEY_TEST_DIR ?? '.stack/test', `kek-${randomBytes(6).toString('hex')}`);
}

async function onServer(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: realStack().databaseUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
