import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackError } from './stack-error.js';

const timeoutMs = 180_000;
const pollMs = 100;

/**
 * Runs `work` while no other command works on the same directory. The lock is a name in Linux's abstract socket
 * namespace, which the kernel frees when its holder dies; other systems have none and rely on the user.
 */
export async function withStackLock<T>(
  directory: string,
  log: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  if (process.platform !== 'linux') return work();
  const name = `\0latchkey-stack-${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`;
  const deadline = Date.now() + timeoutMs;
  let told = false;
  let lock = await tryListen(name);
  while (!lock) {
    if (!told) log('waiting for another stack command on this directory');
    told = true;
    if (Date.now() > deadline)
      throw stackError('stack_busy', `Another command still works on ${directory}; try again later.`);
    await sleep(pollMs);
    lock = await tryListen(name);
  }
  try {
    return await work();
  } finally {
    lock.close();
  }
}

function tryListen(path: string): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen({ path }, () => resolve(server));
  });
}
