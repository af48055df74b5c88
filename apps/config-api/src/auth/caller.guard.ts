import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AppError } from '#libs/errors';
import type { HttpRequest } from '../http/http-exchange.js';
import type { CallerKind } from './caller.js';
import { CallerService } from './caller.service.js';

const allowedKindsKey = 'latchkey:caller-kinds';

/** Identifies the caller and lets those in whom `RequiresCaller` names. */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(
    private readonly callers: CallerService,
    private readonly reflector: Reflector,
  ) {}

  /** Throws `unauthenticated` for a bad token, `forbidden` for a good one of the wrong kind. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const { authorization } = request.headers;
    request.caller = await this.callers.identify(typeof authorization === 'string' ? authorization : undefined);
    const targets = [context.getHandler(), context.getClass()];
    const allowed = this.reflector.getAllAndOverride<CallerKind[]>(allowedKindsKey, targets);
    if (allowed.includes(request.caller.kind)) return true;
    throw new AppError('forbidden', 'forbidden', {
      message: allowed.includes('tenant') ? "Use an organization's token here." : 'Only the admin token may do this.',
    });
  }
}

/** Lets in callers of these kinds only; on a handler it overrides what its controller says. */
export function RequiresCaller(...kinds: [CallerKind, ...CallerKind[]]): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(allowedKindsKey, kinds), UseGuards(CallerGuard));
}
