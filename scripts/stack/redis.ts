import { Redis } from 'ioredis';
import type { ServerProcess } from './server-process.js';
import type { StackDirectory } from './stack-directory.js';

const startTimeoutMs = 10_000;
const probeTimeoutMs = 1_000;

export const redisUrl = (port: number, password: string): string => `redis://:${password}@127.0.0.1:${port}`;

/** Starts Redis without persistence; its password stands in a file that only we can read, never among its arguments. */
export async function launchRedis(
  server: ServerProcess,
  directory: StackDirectory,
  options: { port: number; password: string },
): Promise<void> {
  const settings = [
    'bind 127.0.0.1',
    `port ${options.port}`,
    `requirepass ${options.password}`,
    'save ""',
    'appendonly no',
    'dir ./tmp',
  ];
  await directory.write('redis.conf', `${settings.join('\n')}\n`);
  await server.launch('redis-server', ['redis.conf']);
  await server.awaitServing(() => probeRedis(redisUrl(options.port, options.password)), startTimeoutMs);
}

/** Answers when Redis answers an authenticated PING. */
export async function probeRedis(url: string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: probeTimeoutMs,
    commandTimeout: probeTimeoutMs,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
