import { AppError } from '#libs/errors';
import type { z } from 'zod';
import { asksForHelp, flagsIn, helpText, type CommandLine } from './command-line.js';
import { loadConfig } from './load-config.js';

export interface RunnableApp<T extends z.ZodObject> extends CommandLine {
  schema: T;
  /** Resolves when the app serves; where it rejects it has let everything go again. `given` are the flags at its start. */
  start(config: z.infer<T>, given: ReadonlySet<string>): Promise<RunningApp>;
  /** A start leaves something behind that would outlive the process: a signal waits for its end, and undoes it. */
  outlived?: boolean;
  /** How long a stop may take, in milliseconds; 15 s when absent. */
  stopTimeoutMs?: number;
}

/** An app that serves. */
export interface RunningApp {
  /** Finishes what is in hand and lets everything go. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** Printed to whoever started it. */
  welcome?: string;
}

/** Signals within this time are one: a terminal sends Ctrl-C to every process, and npm passes it on once more. */
const sameSignalMs = 1_000;

/**
 * Starts an app from the environment and its arguments; whatever stops it from starting ends the process with one clear
 * message. SIGTERM, SIGINT and SIGHUP stop it and end the process: with 0, or with 1 when stopping fails or takes too long. A second
 * signal ends it at once with 130, and so does the first while it starts, unless its start has to be undone.
 */
export async function runApp<T extends z.ZodObject>(
  app: RunnableApp<T>,
  [, script = '', ...given]: readonly string[] = process.argv,
): Promise<void> {
  if (asksForHelp(given)) {
    process.stdout.write(helpText(app, script));
    return;
  }
  const life: Life = {};
  for (const signal of stopSignals) process.on(signal, () => void endLife(app, life, signal));
  try {
    const flags = flagsIn(given, app);
    life.starting = app.start(loadConfig(app.schema), flags);
    life.running = await life.starting;
    if (life.endingSince === undefined) process.stdout.write(life.running.welcome ?? '');
  } catch (error) {
    process.stderr.write(`${app.name}: ${startProblem(error)}\n`);
    process.exit(life.endingSince === undefined ? 1 : interrupted);
  }
}

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const interrupted = 130;

/** How far an app has come. */
interface Life {
  starting?: Promise<RunningApp>;
  running?: RunningApp;
  /** When the first signal came, by the process's own clock in milliseconds. */
  endingSince?: number;
}

async function endLife(
  app: Pick<RunnableApp<z.ZodObject>, 'name' | 'outlived' | 'stopTimeoutMs'>,
  life: Life,
  signal: NodeJS.Signals,
): Promise<void> {
  if (life.endingSince !== undefined) {
    if (performance.now() - life.endingSince > sameSignalMs) process.exit(interrupted);
    return;
  }
  life.endingSince = performance.now();
  if (!life.running && !app.outlived) process.exit(interrupted);
  const deadline = setTimeout(() => process.exit(1), app.stopTimeoutMs ?? 15_000).unref();
  try {
    // A start that fails now ends the process where it is awaited.
    const running = await life.starting?.catch(() => undefined);
    await running?.stop(signal);
    if (running) process.exit(0);
  } catch (error) {
    process.stderr.write(`${app.name}: stopping failed. ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  } finally {
    clearTimeout(deadline);
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
