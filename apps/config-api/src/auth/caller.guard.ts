import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { AppError } from '#libs/errors';
import type { HttpRequest } from '../http/http-exchange.js';
import { refusalOf } from './caller-recognition.js';
import type { CallerKind } from './caller.js';
import { assertScope, type Scope } from './scope.js';

const allowedKindsKey = 'latchkey:caller-kinds';
const neededScopesKey = 'latchkey:needed-scopes';

/** Lets in the callers whom `RequiresCaller` names, organizations with the scope that `RequiresScope` names. */
@Injectable()
export class CallerGuard implements CanActivate {
  /** Throws `unauthenticated` for a bad token, `forbidden` for a good one of the wrong kind or without the scope. */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const { caller } = request;
    if (!caller) throw refusalOf(request);
    const targets = [context.getHandler(), context.getClass()];
    const allowed = callerKindsOf(targets, request.routeOptions.url) ?? [];
    if (!allowed.includes(caller.kind)) {
      throw new AppError('forbidden', 'forbidden', {
        message: allowed.includes('tenant') ? "Use an organization's token here." : 'Only the admin token may do this.',
      });
    }
    if (caller.kind === 'tenant') assertScope(caller.scopes, neededScopesOf(targets));
    return true;
  }
}

/**
 * Whom a route lets in, by its handler and controller and the pattern that was matched (an address may be written in many
 * ways); undefined for a route that is open to anybody.
 */
export function callerKindsOf(targets: object[], pattern: string | undefined): CallerKind[] | undefined {
  const kinds = namedBy<CallerKind[]>(allowedKindsKey, targets);
  return kinds?.length === 0 ? [pattern?.startsWith('/admin/') ? 'admin' : 'tenant'] : kinds;
}

/** The scopes of which an organization's token needs one, by handler and controller. */
export function neededScopesOf(targets: object[]): Scope[] {
  return namedBy<Scope[]>(neededScopesKey, targets) ?? ['admin'];
}

/**
 * Lets in callers of these kinds only: none named means the operator below `/admin/` and organizations elsewhere. On a
 * handler it overrides what its controller says.
 */
export function RequiresCaller(...kinds: CallerKind[]): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(allowedKindsKey, kinds), UseGuards(CallerGuard));
}

/**
 * Which scope an organization's token needs, any of several; `admin` where nothing is said. On a handler it overrides
 * what its controller says. Only beside `RequiresCaller`.
 */
export function RequiresScope(...needed: [Scope, ...Scope[]]): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(neededScopesKey, needed));
}

function namedBy<T>(key: string, targets: object[]): T | undefined {
  return targets
    .map((target) => Reflect.getMetadata(key, target) as T | undefined)
    .find((given) => given !== undefined);
}
