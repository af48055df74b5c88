import { Logger as NestFacade, type LoggerService } from '@nestjs/common';
import type { LogEvent, Logger } from './logger.js';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Contexts in which Nest tells every module and route at start. */
const chattyContexts = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory']);

/**
 * Nest's own log lines, written by our logger; the list of modules and routes at start counts as `debug`.
 * An object given as the message becomes the fields of the line, its `msg` the text.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** Nest's convention: the last text is the context; an error may bring its stack before it. */
  private write(level: Level, message: unknown, rest: unknown[]): void {
    const texts = rest.filter((item): item is string => typeof item === 'string');
    const context = texts.at(-1);
    const stack = texts.length > 1 ? texts[0] : undefined;
    const actualLevel = isSaidElsewhere(level, context) ? 'debug' : level;
    const fields = { ...(context && { context }), ...(stack && { stack }) };
    if (message instanceof Error) this.logger[actualLevel]({ ...fields, err: message }, message.message);
    else if (typeof message === 'string') this.logger[actualLevel](fields, message);
    else this.logger[actualLevel]({ ...fields, ...(typeof message === 'object' ? message : { message }) });
  }
}

/** Start-up chatter, and why an application cannot listen: that is thrown as well, and told by whoever starts it. */
function isSaidElsewhere(level: Level, context: string | undefined): boolean {
  if (level === 'error') return context === 'NestApplication';
  return level === 'info' && context !== undefined && chattyContexts.has(context);
}

/** Whatever logger the Nest application has, as a function for libraries that know neither. */
export function nestLogEvent(context: string): LogEvent {
  const logger = new NestFacade(context);
  return (level, message, fields) => logger[level === 'info' ? 'log' : level]({ msg: message, ...fields });
}
