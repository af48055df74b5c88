/** Where this library writes what it has to say; an application binds its logger to it. */
export type LogEvent = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;

/** Says nothing: the default of everything that takes a `LogEvent`. */
export const silentLog: LogEvent = () => undefined;
