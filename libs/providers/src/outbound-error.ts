import { AppError } from '#libs/errors';

/** What went wrong on the way to `host`, without what was sent there: the driver's error is not kept as a cause. */
export function outboundError(host: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError' || code === 'UND_ERR_ABORTED') {
    return new AppError('unavailable', 'outbound_timeout', { message: `${host} did not answer in time.` });
  }
  const reason = typeof code === 'string' ? ` (${code})` : '';
  return new AppError('unavailable', 'outbound_unreachable', { message: `${host} cannot be reached${reason}.` });
}
