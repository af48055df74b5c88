import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { errorAnswerOf } from './error-body.js';
import type { HttpReply, HttpRequest } from './http-exchange.js';

/** Answers every error of every route with the one error body; logs what nobody foresaw, once. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const request = host.switchToHttp().getRequest<HttpRequest>();
    const reply = host.switchToHttp().getResponse<HttpReply>();
    const { status, headers, body } = errorAnswerOf(error, request.id);
    const line = { msg: body.error, err: error, request_id: request.id };
    if (status === 500) this.logger.error(line);
    else if (status > 500) this.logger.warn(line);
    if (reply.sent) return;
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    reply.code(status).send(body);
  }
}
