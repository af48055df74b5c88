import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { AppError } from '#libs/errors';
import { platformOrganizationId } from '#libs/keystore';
import type { Caller } from '../auth/caller.js';
import { callerOf } from '../auth/current-caller.js';
import type { HttpRequest } from '../http/http-exchange.js';
import { organizationIdFrom } from './organization-id.js';

/** An organization and who asks about it. */
export interface NamedOrganization {
  caller: Caller;
  organizationId: string;
}

/**
 * Hands a handler the organization that it is about: a tenant's own, or the one that the operator's route names as
 * `:organization_id`. Throws `not_found` for what can be none. Only behind `RequiresCaller`.
 */
export const CurrentOrganization = createParamDecorator((_: unknown, context: ExecutionContext): NamedOrganization => {
  const caller = callerOf(context);
  if (caller.kind === 'tenant') return { caller, organizationId: caller.organizationId };
  const { params } = context.switchToHttp().getRequest<HttpRequest>();
  return { caller, organizationId: checkedOrganizationId((params as { organization_id?: string }).organization_id) };
});

/** Throws `not_found` for the platform too: it is no tenant. */
export function checkedOrganizationId(id: string | undefined): string {
  const organizationId = organizationIdFrom(id);
  if (organizationId === undefined || organizationId === platformOrganizationId) throw noSuchOrganization();
  return organizationId;
}

export function noSuchOrganization(): AppError {
  return new AppError('not_found', 'not_found', { message: 'There is no such organization.', param: 'id' });
}
