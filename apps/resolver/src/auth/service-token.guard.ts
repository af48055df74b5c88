import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '#libs/errors';
import type { Metadata } from '@grpc/grpc-js';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';

/** Injection token of the token that orchestrators bring. */
export const serviceTokenValue = Symbol('service token');

/** Lets in who brings the service token as `authorization: Bearer <token>`, in gRPC metadata or an HTTP header. */
@Injectable()
export class ServiceTokenGuard implements CanActivate {
  private readonly expected: Buffer;

  constructor(@Inject(serviceTokenValue) serviceToken: string) {
    this.expected = digest(serviceToken);
  }

  canActivate(context: ExecutionContext): boolean {
    const [scheme, token] = (authorizationOf(context) ?? '').split(' ', 2);
    if (scheme?.toLowerCase() === 'bearer' && token && timingSafeEqual(digest(token), this.expected)) return true;
    throw new AppError('unauthenticated', 'unauthorized', {
      // Not as an example of the header: what follows that word and a space is taken for a token and redacted.
      message:
        'Send the service token (LATCHKEY_SERVICE_TOKEN): the header Authorization with the word Bearer, a space and the token.',
    });
  }
}

function authorizationOf(context: ExecutionContext): string | undefined {
  if (context.getType() === 'http') {
    return context.switchToHttp().getRequest<{ headers: { authorization?: string } }>().headers.authorization;
  }
  return context.switchToRpc().getContext<Metadata>().get('authorization')[0]?.toString();
}

/** Equal lengths for the comparison, whatever was sent. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
