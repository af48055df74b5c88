/** Everything that can go wrong, seen by the caller: what kind of answer it deserves. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'precondition_failed'
  | 'unprocessable'
  | 'rate_limited'
  | 'unavailable'
  | 'internal';

export interface AppErrorOptions {
  /** For people: what is wrong and what to do. Never holds a secret. */
  message?: string;
  /** The field at fault. */
  param?: string;
  /** One sentence for each further problem. */
  details?: string[];
  /** When it is worth another try. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/**
 * The one error that crosses a module border. `kind` picks the transport's status (see the tables beside
 * this file), `code` is the stable snake_case word that programs read.
 */
export class AppError extends Error {
  readonly param: string | undefined;
  readonly details: string[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    options: AppErrorOptions = {},
  ) {
    super(options.message ?? code.replaceAll('_', ' '), { cause: options.cause });
    this.name = 'AppError';
    this.param = options.param;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** The same error if it is one already, otherwise `internal` with the original as its cause. */
  static from(error: unknown): AppError {
    return error instanceof AppError ? error : new AppError('internal', 'internal_error', { cause: error });
  }
}
