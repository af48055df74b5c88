import { Logger } from '@nestjs/common';
import { AppError } from '#libs/errors';
import { actorOf, organizationIdOf } from '../auth/caller.js';
import type { HttpReply, HttpRequest } from '../http/http-exchange.js';
import type { StoredAnswer } from './answer-sealer.js';
import type { IdempotencyService } from './idempotency.service.js';

/** The headers that belong to an answer rather than to its delivery. */
const keptHeaders = ['content-type', 'etag', 'location'];
/** A longer answer is not kept. Only a preflight and settings of many providers have one, and both may run twice. */
const keptBytesMax = 256 * 1024;

/** Answers POST requests that carry an Idempotency-Key once, and repeats that answer byte for byte. */
export class IdempotentPosts {
  private readonly logger = new Logger(IdempotentPosts.name);

  constructor(private readonly idempotency: IdempotencyService) {}

  /** Before a handler: whether the request has been answered already, here and now. */
  async answerRepetition(request: HttpRequest, reply: HttpReply): Promise<boolean> {
    const { caller } = request;
    const key = request.method === 'POST' ? request.headers['idempotency-key'] : undefined;
    if (key === undefined || !caller) return false;
    const { url, headers, body } = request;
    const said = ['POST', url, organizationIdOf(caller), textOf(headers['if-match']), textOf(body)];
    const begun = await this.idempotency.begin({ caller: actorOf(caller), key: checkedKey(key), said });
    if ('run' in begun) {
      request.repeatable = begun;
      return false;
    }
    for (const [name, value] of Object.entries(begun.headers)) reply.header(name, value);
    reply.header('idempotent-replayed', 'true').code(begun.status).send(begun.body);
    return true;
  }

  /** After a handler, before the answer leaves. What cannot be kept goes out all the same: its effect has happened. */
  async keepAnswer(request: HttpRequest, reply: HttpReply, payload: unknown): Promise<void> {
    const { repeatable } = request;
    if (!repeatable) return;
    try {
      const answer = answerOf(reply, payload);
      // It has changed nothing, and is not to stand in the way of a try with another If-Match.
      if (reply.statusCode === 412) await this.idempotency.forget(repeatable);
      else if (answer) await this.idempotency.keep(repeatable, answer);
      else await this.idempotency.giveUp(repeatable);
    } catch (error) {
      this.logger.warn({ msg: 'an answer could not be kept for repetitions', err: error, request_id: request.id });
    }
  }
}

/** Undefined for what a repetition is to try again. */
function answerOf(reply: HttpReply, payload: unknown): StoredAnswer | undefined {
  const status = reply.statusCode;
  if (status >= 500 || status === 429) return undefined;
  const body = payload ?? '';
  if (typeof body !== 'string' || Buffer.byteLength(body) > keptBytesMax) return undefined;
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  return { status, headers, body };
}

/** Part of what a request says, as text; what is absent says nothing. */
function textOf(part: unknown): string {
  return JSON.stringify(part ?? null);
}

function checkedKey(key: string | string[]): string {
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new AppError('invalid', 'invalid_request', {
    message: 'Idempotency-Key must be 1 to 255 printable ASCII characters.',
    param: 'Idempotency-Key',
  });
}
