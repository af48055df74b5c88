import { AppError } from '#libs/errors';

/** A failure of the stack: one sentence that says what is wrong and what to do. */
export const stackError = (code: string, message: string, cause?: unknown): AppError =>
  new AppError('unavailable', code, { message, cause });
