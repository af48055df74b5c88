import { AppError } from '#libs/errors';
import type { z } from 'zod';
import { loadConfig } from './load-config.js';

export interface RunnableApp<T extends z.ZodObject> {
  name: string;
  /** One sentence for `--help`. */
  about: string;
  schema: T;
  /** Resolves when the app serves. */
  start(config: z.infer<T>): Promise<void>;
}

/** Starts an app from the environment; whatever stops it from starting ends the process with one clear message. */
export async function runApp<T extends z.ZodObject>(app: RunnableApp<T>): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(helpText(app));
    return;
  }
  try {
    await app.start(loadConfig(app.schema));
  } catch (error) {
    process.stderr.write(`${app.name}: ${startProblem(error)}\n`);
    process.exit(1);
  }
}

/** Runs `work` until it no longer throws `unavailable`, for `timeoutMs` at most, saying each time that it waits. */
export async function untilAvailable<T>(
  work: () => Promise<T>,
  onWait: (error: AppError) => void,
  timeoutMs = 30_000,
): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs;
  for (let delayMs = 250; ; delayMs = Math.min(delayMs * 2, 4_000)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unavailable' || Date.now() + delayMs > giveUpAt) throw error;
      onWait(error);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

function helpText({ name, about, schema }: Pick<RunnableApp<z.ZodObject>, 'name' | 'about' | 'schema'>): string {
  const lines = Object.entries(schema.shape).map(([variable, field]) => {
    const { description = '' } = field as z.ZodType;
    return `  ${variable.padEnd(32)}${description}`;
  });
  return `${name}: ${about}\n\nEnvironment variables (each also as <NAME>_FILE, the path of a file with the value):\n${lines.join('\n')}\n`;
}

function startProblem(error: unknown): string {
  const { code, message = String(error) } = error as { code?: string; message?: string };
  if (error instanceof AppError) {
    const cause = error.cause instanceof Error && error.kind !== 'invalid' ? ` (${error.cause.message})` : '';
    return `cannot start. ${error.message}${cause}`;
  }
  if (code === 'EADDRINUSE' || message.includes('EADDRINUSE')) {
    // Only Node's sentence names the port wherever it was wrapped (gRPC does that).
    const port = /EADDRINUSE.*:(\d+)/.exec(message)?.[1];
    return `cannot start. ${port ? `Port ${port}` : 'A port'} is taken: stop what listens there or choose another by the …_PORT variables (see --help).`;
  }
  return `cannot start. ${error instanceof Error ? (error.stack ?? message) : message}`;
}
