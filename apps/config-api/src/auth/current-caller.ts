import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { HttpRequest } from '../http/http-exchange.js';
import { organizationIdOf, type Caller } from './caller.js';

/** Hands a handler its caller; only behind `RequiresCaller`. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => callerOf(context));

/** Hands a handler the id of the organization that its caller acts for; only behind `RequiresCaller`. */
export const CurrentOrganizationId = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  organizationIdOf(callerOf(context)),
);

/** The caller that the guard found; throws when the route has no guard. */
export function callerOf(context: ExecutionContext): Caller {
  const { caller } = context.switchToHttp().getRequest<HttpRequest>();
  if (!caller) throw new Error('the route has no caller guard');
  return caller;
}
