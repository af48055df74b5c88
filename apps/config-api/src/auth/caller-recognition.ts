import { AppError } from '#libs/errors';
import type { HttpReply, HttpRequest } from '../http/http-exchange.js';
import { isMachineRoute } from '../http/request-record.js';
import type { GuessLimit } from '../limits/guess-limit.js';
import type { RequestQuota } from '../limits/request-quota.js';
import { actForHeader, type CallerService } from './caller.service.js';
import type { LastUseWorker } from './last-use.worker.js';

/** In the configuration of a route: it shows the caller's secret ids, which are read together with the token. */
export const showsSecretIds = 'showsSecretIds';

/** Finds out who sends a request before its body is read, and counts it. */
export class CallerRecognition {
  constructor(
    private readonly callers: CallerService,
    private readonly quota: RequestQuota,
    private readonly guesses: GuessLimit,
    private readonly lastUse: LastUseWorker,
  ) {}

  /**
   * Notes the caller on the request, or why there is none: routes that need no caller may be read all the same. A token
   * that nobody knows counts as a guess, whatever it was sent to; every other one of an organization counts for itself,
   * good or not any more. Throws what no route would forgive: `rate_limited`, and a known caller who acts for somebody
   * else's organization.
   */
  async recognize(request: HttpRequest, reply: HttpReply): Promise<void> {
    const token = bearerTokenOf(request);
    if (token === undefined || !looksAtTokens(request)) return;
    const credential = this.callers.read(token);
    const fingerprint = credential.hash.toString('base64');
    const isFamiliar = this.guesses.isFamiliar(fingerprint);
    // Who was good a moment ago mostly still is: counted while it is looked up.
    const counting = isFamiliar && credential.parts && this.quota.count(credential.parts.id);
    try {
      if (!isFamiliar && !credential.parts) await this.guesses.assertMayTry(request.ip);
      const { caller, refusal } = await this.callers.identify(credential, {
        actFor: actForOf(request),
        withSecretIds: showsSecretIds in (request.routeOptions.config ?? {}),
      });
      this.guesses.noteGood(fingerprint);
      request.caller = caller;
      request.callerRefusal = refusal;
    } catch (error) {
      request.callerRefusal = error;
      if (error instanceof AppError && error.code === 'unauthorized') await this.guesses.noteWrong(request.ip);
    }
    const { caller } = request;
    if (caller?.kind === 'tenant') this.lastUse.note(caller.tokenId);
    const tokenId = isKnown(request) ? credential.parts?.id : undefined;
    const counted = counting || (tokenId !== undefined && this.quota.count(tokenId));
    if (counted) this.quota.assertWithin(await counted, reply);
    if (caller && request.callerRefusal) throw request.callerRefusal;
  }
}

/** Not where another token is asked for, nor where machines ask whether we are alive: they hear it, whatever they send. */
function looksAtTokens({ routeOptions: { url, config } }: HttpRequest): boolean {
  return !(config && 'token' in config) && !isMachineRoute(url);
}

/** Whether the token is one that we made, be it expired or revoked. */
function isKnown({ caller, callerRefusal }: HttpRequest): boolean {
  if (caller) return true;
  return callerRefusal instanceof AppError && ['api_key_expired', 'api_key_revoked'].includes(callerRefusal.code);
}

/** Why a request without a caller is refused. */
export function refusalOf(request: HttpRequest): unknown {
  return (
    request.callerRefusal ??
    new AppError('unauthenticated', 'unauthorized', {
      message: 'Send your token: the header Authorization with the word Bearer, a space and the token.',
    })
  );
}

function actForOf({ headers }: HttpRequest): string | undefined {
  const actFor = headers[actForHeader];
  return Array.isArray(actFor) ? actFor.join() : actFor;
}

function bearerTokenOf({ headers }: HttpRequest): string | undefined {
  const { authorization } = headers;
  return typeof authorization === 'string' ? /^Bearer +(\S+) *$/i.exec(authorization)?.[1] : undefined;
}
