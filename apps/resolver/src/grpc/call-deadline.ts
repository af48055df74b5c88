import { AppError } from '#libs/errors';
import type { ServerUnaryCall } from '@grpc/grpc-js';

/** What a caller waits at most who sets no deadline, and the part of a deadline kept for the way back. */
const defaultTimeoutMs = 2_000;
const returnTimeMs = 30;

/** Answers inside the caller's deadline: with `unavailable` when `work` takes longer. */
export async function withinDeadline<T>(call: ServerUnaryCall<unknown, unknown>, work: Promise<T>): Promise<T> {
  const remainingMs = new Date(call.getDeadline()).getTime() - Date.now() - returnTimeMs;
  const timeoutMs = Math.max(1, Math.min(defaultTimeoutMs, Number.isNaN(remainingMs) ? Infinity : remainingMs));
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new AppError('unavailable', 'deadline', { message: 'No checked answer in time.' })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
