import { Catch, Logger, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { AppError } from '#libs/errors';
import { errorAnswerOf } from './error-body.js';
import type { HttpReply, HttpRequest } from './http-exchange.js';
import type { RouteMethods } from './route-methods.js';

/** Answers every error of every route with the one error body; logs what nobody foresaw, once. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  constructor(private readonly routes: RouteMethods) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const request = host.switchToHttp().getRequest<HttpRequest>();
    const reply = host.switchToHttp().getResponse<HttpReply>();
    // Only the framework throws it: no route was found.
    const allowed = error instanceof NotFoundException ? this.routes.of(request.url) : [];
    const told = allowed.length > 0 ? wrongMethod(request.method, allowed) : error;
    const { status, headers, body } = errorAnswerOf(told, request.id);
    const line = { msg: body.error, err: error, request_id: request.id };
    if (status === 500) this.logger.error(line);
    else if (status > 500) this.logger.warn(line);
    if (reply.sent) return;
    if (allowed.length > 0) reply.header('allow', allowed.join(', '));
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    reply.code(status).send(body);
  }
}

/** `not_found` as for any route that is not there: clients know no 405. */
function wrongMethod(method: string, allowed: readonly string[]): AppError {
  return new AppError('not_found', 'not_found', {
    message: `${method} is not possible here; allowed: ${allowed.join(', ')}.`,
  });
}
