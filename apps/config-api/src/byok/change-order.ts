import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { actorOf, organizationIdOf } from '../auth/caller.js';
import { callerOf } from '../auth/current-caller.js';
import { expectedEpochOf } from '../http/epoch-precondition.js';
import type { HttpRequest } from '../http/http-exchange.js';
import { drawUuid } from '../idempotency/repeatable-draw.js';

/** For whom a slot is changed, by whom, and at which epoch they believe it is (absent: any). */
export interface ChangeOrder {
  organizationId: string;
  provider: string;
  actor: string;
  expectedEpoch?: number | undefined;
  /** Of a request with an Idempotency-Key: the same in every run of it. */
  requestId?: string | undefined;
}

/** All of an order that does not depend on the route. */
export type CallerOrder = Omit<ChangeOrder, 'provider'>;

/**
 * Hands a handler its caller's part of an order: a tenant acts for itself, the admin for the
 * platform. Throws `invalid` for an If-Match that is not an epoch. Only behind `RequiresCaller`.
 */
export const CurrentOrder = createParamDecorator((_: unknown, context: ExecutionContext) => callerOrderOf(context));

/** `CurrentOrder` for the slot that the route names as `:provider`. */
export const SlotOrder = createParamDecorator((_: unknown, context: ExecutionContext): ChangeOrder => {
  const { provider } = context.switchToHttp().getRequest<HttpRequest>().params as { provider?: string };
  if (provider === undefined) throw new Error('the route names no provider');
  return { ...callerOrderOf(context), provider };
});

function callerOrderOf(context: ExecutionContext): CallerOrder {
  const caller = callerOf(context);
  const { headers, repeatable } = context.switchToHttp().getRequest<HttpRequest>();
  const ifMatch = headers['if-match'];
  return {
    organizationId: organizationIdOf(caller),
    actor: actorOf(caller),
    expectedEpoch: expectedEpochOf(Array.isArray(ifMatch) ? ifMatch.join() : ifMatch),
    ...(repeatable && { requestId: drawUuid(repeatable.draw) }),
  };
}
