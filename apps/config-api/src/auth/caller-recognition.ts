import { AppError } from '#libs/errors';
import type { HttpReply, HttpRequest } from '../http/http-exchange.js';
import type { GuessLimit } from '../limits/guess-limit.js';
import type { RequestQuota } from '../limits/request-quota.js';
import { actForHeader, type CallerService } from './caller.service.js';
import type { LastUseWorker } from './last-use.worker.js';

/** Finds out who sends a request before its body is read, and counts it. */
export class CallerRecognition {
  constructor(
    private readonly callers: CallerService,
    private readonly quota: RequestQuota,
    private readonly guesses: GuessLimit,
    private readonly lastUse: LastUseWorker,
  ) {}

  /**
   * Notes the caller on the request, or why there is none: routes that need no caller may be read all the same. Throws
   * what no route would forgive a known caller: `rate_limited`, and acting for somebody else's organization.
   */
  async recognize(request: HttpRequest, reply: HttpReply): Promise<void> {
    const token = bearerTokenOf(request);
    if (token === undefined) return;
    const fingerprint = this.callers.hashText(token).toString('base64');
    try {
      await this.guesses.assertMayTry(request.ip, fingerprint);
      const actFor = request.headers[actForHeader];
      const { caller, refusal } = await this.callers.identify(token, Array.isArray(actFor) ? actFor.join() : actFor);
      this.guesses.noteGood(fingerprint);
      request.caller = caller;
      request.callerRefusal = refusal;
    } catch (error) {
      request.callerRefusal = error;
    }
    const { caller } = request;
    if (caller?.kind === 'tenant') {
      this.lastUse.note(caller.tokenId);
      await this.quota.spend(caller.tokenId, reply);
    }
    if (caller && request.callerRefusal) throw request.callerRefusal;
  }

  /** Why a request without a caller is refused. A token that nobody knows counts as a guess. */
  async refusalOf(request: HttpRequest): Promise<unknown> {
    const refusal = request.callerRefusal;
    if (refusal === undefined) {
      return new AppError('unauthenticated', 'unauthorized', { message: 'Send "Authorization: Bearer <token>".' });
    }
    if (refusal instanceof AppError && refusal.code === 'unauthorized') await this.guesses.noteWrong(request.ip);
    return refusal;
  }
}

function bearerTokenOf({ headers }: HttpRequest): string | undefined {
  const { authorization } = headers;
  return typeof authorization === 'string' ? /^Bearer +(\S+) *$/i.exec(authorization)?.[1] : undefined;
}
