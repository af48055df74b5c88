import type { ServerUnaryCall } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '#libs/errors';
import { withinDeadline } from './call-deadline.js';

const never = new Promise<never>(() => undefined);

function callUntil(deadline: Date | number): ServerUnaryCall<unknown, unknown> {
  return { getDeadline: () => deadline } as unknown as ServerUnaryCall<unknown, unknown>;
}

describe('the deadline of a call', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** What the caller was told, and after how many milliseconds. */
  async function answered(deadline: Date | number): Promise<{ error: unknown; afterMs: number }> {
    const started = Date.now();
    let answer: { error: unknown; afterMs: number } | undefined;
    withinDeadline(callUntil(deadline), never).catch((error: unknown) => {
      answer = { error, afterMs: Date.now() - started };
    });
    while (!answer && Date.now() < started + 60_000) await jest.advanceTimersByTimeAsync(1);
    if (!answer) throw new Error('no answer in a minute');
    return answer;
  }
  const inTime = expect.objectContaining({ kind: 'unavailable', code: 'deadline' });

  it('work that is done in time answers, with or without a deadline, and leaves no timer', async () => {
    for (const deadline of [Infinity, Date.now() + 60_000, new Date(Date.now() + 60_000)]) {
      expect(await withinDeadline(callUntil(deadline), Promise.resolve('answer'))).toBe('answer');
    }
    expect(jest.getTimerCount()).toBe(0);
  });

  it('an error of the work is the answer', async () => {
    const failed = Promise.reject(new AppError('not_found', 'nobody'));
    await expect(withinDeadline(callUntil(Infinity), failed)).rejects.toMatchObject({ code: 'nobody' });
  });

  it('work that takes longer is answered with unavailable while the answer can still arrive', async () => {
    expect(await answered(Date.now() + 400)).toEqual({ error: inTime, afterMs: 370 });
    expect(await answered(new Date(Date.now() + 400))).toEqual({ error: inTime, afterMs: 370 });
  });

  it('a deadline that has passed, or is about to, is answered at once', async () => {
    for (const deadline of [0, Date.now() - 1_000, Date.now() + 10]) {
      expect(await answered(deadline)).toEqual({ error: inTime, afterMs: 1 });
    }
  });

  it('a caller who sets none, or a far one, waits two seconds', async () => {
    for (const deadline of [Infinity, Date.now() + 3_600_000]) {
      expect(await answered(deadline)).toEqual({ error: inTime, afterMs: 2_000 });
    }
  });
});
