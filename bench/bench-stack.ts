import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot, type StackEnv } from '../scripts/stack/stack-directory.js';
import { startStack } from '../scripts/stack/start-stack.js';
import { stopStack } from '../scripts/stack/stop-stack.js';

const directory = join(projectRoot, '.stack', 'bench');

/** Empty PostgreSQL, Redis and Kafka of the benchmark's own; what an interrupted run left behind is cleared away. */
export async function startBenchStack(log: (line: string) => void): Promise<StackEnv> {
  await removeBenchStack();
  return startStack({ directory, log });
}

/** Stops the servers and deletes what they stored. */
export async function removeBenchStack(): Promise<void> {
  await stopStack(directory);
  await rm(directory, { recursive: true, force: true });
}
