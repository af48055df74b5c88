/** The outcome of `work`, or a rejection after `timeoutMs`; the work itself goes on. */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let overdue: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    overdue = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(overdue);
  }
}
