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

/** Lines of a level below `warn` are written together when they have so many bytes, and at least every 100 ms. */
const togetherBytes = 4_096;
const flushMs = 100;
const warnLevel = 40;

/**
 * A logger of JSON lines that keeps secrets out: by the names of fields at any depth, by what an error may tell,
 * and by what the finished line looks like.
 */
export function createLogger(options: LoggerOptions): Logger {
  const standardOutput = options.destination ? undefined : bufferedStandardOutput();
  return pino(
    {
      level: options.level,
      base: { app: options.app },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      serializers: { err: (error: unknown) => (error instanceof Error ? describeError(error) : error) },
      hooks: {
        streamWrite: scrubSecrets,
        logMethod(given, method, level) {
          method.apply(this, given);
          if (level >= warnLevel) standardOutput?.flush();
        },
      },
    },
    options.destination ?? standardOutput!,
  );
}

/** Lines share a system call: one for each costs a cheap request noticeably. The rest is written when the process ends. */
function bufferedStandardOutput(): ReturnType<typeof pino.destination> {
  const output = pino.destination({ fd: 1, sync: true, minLength: togetherBytes, periodicFlush: flushMs });
  // Not `flushSync`: it waits for disks, and for ever for a reader who has gone. This writes in the same turn as well.
  process.on('exit', () => output.flush());
  return output;
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
