import { beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import type { HttpReply, HttpRequest } from '../http/http-exchange.js';
import { GuessLimit } from '../limits/guess-limit.js';
import { MemoryAttemptCounter } from '../limits/memory-attempt.counter.js';
import { RequestQuota } from '../limits/request-quota.js';
import { CallerRecognition } from './caller-recognition.js';
import type { CallerService, Credential } from './caller.service.js';
import type { LastUseWorker } from './last-use.worker.js';

const operators = 'the-token-of-the-operator';
const guessesMax = 3;

describe('whoever guesses the token of the operator', () => {
  let tried: number;
  let recognition: CallerRecognition;

  beforeEach(() => {
    tried = 0;
    const callers = {
      read: (token: string): Credential => ({ isOrchestrators: false, hash: Buffer.from(token) }),
      identify: async ({ hash }: Credential) => {
        tried += 1;
        if (hash.toString() !== operators) throw new AppError('unauthenticated', 'unauthorized');
        return { caller: { kind: 'admin' } };
      },
    } as unknown as CallerService;
    const counter = new MemoryAttemptCounter();
    const guesses = new GuessLimit(counter, guessesMax, 1);
    const lastUse = { note: () => undefined } as unknown as LastUseWorker;
    recognition = new CallerRecognition(callers, new RequestQuota(counter, 0), guesses, lastUse);
  });

  /** Who was recognized by this token, or the code of the refusal. */
  const send = async (token: string, ip: string): Promise<string> => {
    const headers = { authorization: `bearer ${token}` };
    const request = { headers, ip, routeOptions: { url: '/admin/v1/organizations' } } as unknown as HttpRequest;
    await recognition.recognize(request, {} as HttpReply).catch(() => undefined);
    return request.caller?.kind ?? (request.callerRefusal as AppError).code;
  };
  const guess = async (ip: string): Promise<void> => {
    for (let n = 0; n < guessesMax; n += 1) expect(await send(`guess-${n}`, ip)).toBe('unauthorized');
  };

  it('is not told from there whether it is right any more after a few wrong ones', async () => {
    await guess('10.0.0.1');
    expect(await send(operators, '10.0.0.1')).toBe('rate_limit_exceeded');
    expect(tried).toBe(guessesMax);
    expect(await send(operators, '10.0.0.2')).toBe('admin');
  });

  it('locks no operator out who was there a moment ago', async () => {
    expect(await send(operators, '10.0.0.1')).toBe('admin');
    await guess('10.0.0.1');
    expect(await send(operators, '10.0.0.1')).toBe('admin');
  });
});
