/** Says that no answer came inside its time. */
export class LateAnswer extends Error {
  constructor() {
    super('no answer in time');
    this.name = 'LateAnswer';
  }
}

/**
 * Why Redis could not be asked, in words of our own: nothing of the driver's text passes, since it may quote
 * addresses, credentials and arguments.
 */
export function redisProblem(error: unknown): string {
  if (error instanceof LateAnswer) return 'Redis does not answer in time';
  const { name, code, message = '' } = error as { name?: string; code?: string; message?: string };
  if (name === 'ReplyError') return refusal(message);
  if (code && /^[A-Z0-9_]+$/.test(code)) return `Redis cannot be reached (${code})`;
  return message === 'Command timed out' ? 'Redis does not answer in time' : 'the connection to Redis is lost';
}

function refusal(reply: string): string {
  if (/^(WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH)/.test(reply)) return 'Redis refuses the password';
  return `Redis refuses with ${/^[A-Z]+/.exec(reply)?.[0] ?? 'an unknown error'}`;
}

/** Passes the answer on; rejects with `LateAnswer` when there is none after `timeMs`. */
export function answerWithin<T>(answer: Promise<T>, timeMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    // After a busy stretch timers run before sockets are read: an answer that is already here must win.
    const timer = setTimeout(() => setImmediate(() => reject(new LateAnswer())), timeMs);
    void answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
