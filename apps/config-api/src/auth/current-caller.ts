import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { HttpRequest } from '../http/http-exchange.js';
import type { Caller, TenantCaller } from './caller.js';

/** Hands a handler its caller; only behind `RequiresCaller`. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<HttpRequest>();
  if (!caller) throw new Error('the route has no caller guard');
  return caller;
});

/** Hands a handler the organization of its caller; only behind `RequiresCaller('tenant')`. */
export const CurrentTenant = createParamDecorator((_: unknown, context: ExecutionContext): TenantCaller => {
  const { caller } = context.switchToHttp().getRequest<HttpRequest>();
  if (caller?.kind !== 'tenant') throw new Error('the route has no caller guard for tenants');
  return caller;
});
