import pg from 'pg';
import { EmbeddedPostgres } from '#libs/keystore';
import { probeGroupJoin } from './kafka-probe.js';
import { probeRedis } from './redis.js';
import { serverNames, type ServerName } from './server-name.js';
import { ServerProcess } from './server-process.js';
import { StackDirectory, type StackEnv } from './stack-directory.js';

/** How one server does: `serves` means that it answered what its clients will ask. */
export interface ServerState {
  server: ServerName;
  state: 'serves' | 'does not answer' | 'stopped';
  address: string;
  pid: number | undefined;
}

const probeTimeoutMs = 3_000;

const probes: Record<ServerName, (env: StackEnv) => Promise<void>> = {
  postgres: (env) => probePostgres(env.DATABASE_URL),
  redis: (env) => probeRedis(env.REDIS_URL),
  kafka: (env) => probeGroupJoin(env.KAFKA_BROKERS),
};

/** The state of every server of the stack in `directory`, all asked at once. */
export async function describeStack(directory: string): Promise<ServerState[]> {
  const stack = new StackDirectory(directory);
  const [env, ports] = await Promise.all([stack.readEnv(), stack.readPorts()]);
  return Promise.all(
    serverNames.map(async (server) => {
      const pid = await findPid(server, stack);
      const address = ports[server] ? `127.0.0.1:${ports[server]}` : '';
      if (pid === undefined || !env) return { server, state: 'stopped', address, pid } satisfies ServerState;
      const state = await probes[server](env).then(
        () => 'serves' as const,
        () => 'does not answer' as const,
      );
      return { server, state, address, pid };
    }),
  );
}

function findPid(server: ServerName, stack: StackDirectory): Promise<number | undefined> {
  return server === 'postgres'
    ? EmbeddedPostgres.findPid(stack.postgresData)
    : new ServerProcess(server, stack).findPid();
}

async function probePostgres(connectionString: string): Promise<void> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: probeTimeoutMs,
    query_timeout: probeTimeoutMs,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}
