import { EmbeddedPostgres } from '#libs/keystore';
import { serverNames, type ServerName } from './server-name.js';
import { ServerProcess } from './server-process.js';
import { StackDirectory } from './stack-directory.js';
import { withStackLock } from './stack-lock.js';

const graceMs: Record<Exclude<ServerName, 'postgres'>, number> = { redis: 5_000, kafka: 12_000 };

/** Stops every server of the stack in `directory` that runs, and answers when their processes are gone; their data stays. */
export async function stopStack(directory: string, log: (line: string) => void = () => undefined): Promise<void> {
  const stack = new StackDirectory(directory);
  await withStackLock(stack.path, log, async () => {
    await Promise.all(
      serverNames.map(async (name) => {
        const stopped = await stopServer(name, stack);
        log(stopped ? `${name} stopped` : `${name} was not running`);
      }),
    );
  });
}

function stopServer(name: ServerName, stack: StackDirectory): Promise<boolean> {
  return name === 'postgres'
    ? EmbeddedPostgres.stop(stack.postgresData)
    : new ServerProcess(name, stack).stop(graceMs[name]);
}
