import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { randomToken } from '#libs/crypto';
import type { HttpRequest } from '../http/http-exchange.js';
import type { DrawBytes } from './repeatable-draw.js';

/**
 * Hands a handler what it draws ids and secrets from: the same in every run of a request with an Idempotency-Key, so that
 * a run after a crash finds what the first one made instead of making another.
 */
export const CurrentDraw = createParamDecorator(
  (_: unknown, context: ExecutionContext): DrawBytes =>
    context.switchToHttp().getRequest<HttpRequest>().repeatable?.draw ?? randomToken,
);
