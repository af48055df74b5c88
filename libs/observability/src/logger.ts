import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { describeError, redactFields, scrubSecrets } from './secret-scrubber.js';

export interface LoggerOptions {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Named in every line. */
  app: string;
  /** Default: standard output. */
  destination?: DestinationStream;
}

export type Logger = PinoLogger;

/**
 * A logger of JSON lines that keeps secrets out: by the names of fields at any depth, by what an error may tell,
 * and by what the finished line looks like.
 */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { app: options.app },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      serializers: { err: (error: unknown) => (error instanceof Error ? describeError(error) : error) },
      hooks: { streamWrite: scrubSecrets },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** What libraries without a logger of their own call to say something. */
export type LogEvent = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;

/** The logger as such a function. */
export function logEventOf(logger: Logger): LogEvent {
  return (level, message, fields) => logger[level](fields ?? {}, message);
}
