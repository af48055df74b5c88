import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { tap, type Observable } from 'rxjs';
import type { HttpReply } from './http-exchange.js';

/** Tells the epoch of every answer that has one as its ETag: what a later If-Match may repeat. */
export class EpochTagInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<HttpReply>();
    return next.handle().pipe(
      tap((answer) => {
        if (hasEpoch(answer)) reply.header('etag', epochTag(answer.epoch));
      }),
    );
  }
}

/** An epoch as an ETag. */
export function epochTag(epoch: number): string {
  return `"${epoch}"`;
}

function hasEpoch(answer: unknown): answer is { epoch: number } {
  return typeof (answer as { epoch?: unknown } | null | undefined)?.epoch === 'number';
}
