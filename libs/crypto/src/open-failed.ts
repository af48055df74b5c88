import { AppError } from '#libs/errors';

/** The one answer to everything that does not open: no detail, no cause, whatever was wrong. */
export function openFailed(): AppError {
  return new AppError('internal', 'open_failed', { message: 'The sealed record does not open.' });
}
