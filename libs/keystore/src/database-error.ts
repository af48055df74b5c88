import { AppError } from '#libs/errors';

/**
 * SQLSTATE classes and codes that say "ask again later": connection, resources, operator intervention, read-only,
 * serialization, lock, and a table that the migrations have yet to make.
 */
const transientStates = /^(08|53|57|58|25006|40001|40P01|55P03|42P01)/;
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
/** What node-postgres says in words only. */
const transientWords =
  /timeout|Connection terminated|Client has encountered a connection error|not queryable|pool after calling end/i;

/** Translates an error of the driver: `unavailable` when it may pass by itself, `internal` otherwise. */
export function databaseError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const transient =
    transientStates.test(code) || networkCodes.has(code) || (code === '' && transientWords.test(message));
  if (!transient) return new AppError('internal', 'database_error', { cause: error });
  return new AppError('unavailable', 'database_unavailable', {
    message: 'The database cannot be reached right now; try again.',
    cause: error,
  });
}

/** Runs `work` and translates what the driver throws. */
export async function translatingDatabaseErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseError(error);
  }
}
