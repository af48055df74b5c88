import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { platformOrganizationId } from '#libs/keystore';
import { actorOf } from '../auth/caller.js';
import { expectedEpochOf } from '../http/epoch-precondition.js';
import type { HttpRequest } from '../http/http-exchange.js';

/** For whom a slot is changed, by whom, and at which epoch they believe it is (absent: any). */
export interface ChangeOrder {
  organizationId: string;
  provider: string;
  actor: string;
  expectedEpoch?: number | undefined;
}

/** All of an order that does not depend on the route. */
export type CallerOrder = Omit<ChangeOrder, 'provider'>;

/**
 * Hands a handler its caller's part of an order: a tenant acts for itself, the admin for the
 * platform. Throws `invalid` for an If-Match that is not an epoch. Only behind `RequiresCaller`.
 */
export const CurrentOrder = createParamDecorator((_: unknown, context: ExecutionContext): CallerOrder => {
  const { caller, headers } = context.switchToHttp().getRequest<HttpRequest>();
  if (!caller) throw new Error('the route has no caller guard');
  const ifMatch = headers['if-match'];
  return {
    organizationId: caller.kind === 'tenant' ? caller.organizationId : platformOrganizationId,
    actor: actorOf(caller),
    expectedEpoch: expectedEpochOf(Array.isArray(ifMatch) ? ifMatch.join() : ifMatch),
  };
});
