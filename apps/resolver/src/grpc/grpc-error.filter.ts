import { AppError, grpcStatusOf } from '#libs/errors';
import { Catch, Logger, type ExceptionFilter } from '@nestjs/common';
import { Metadata } from '@grpc/grpc-js';
import { throwError, type Observable } from 'rxjs';

/** Turns every error into a gRPC status; the machine-readable code travels in the trailer `latchkey-code`. */
@Catch()
export class GrpcErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('grpc');

  catch(error: unknown): Observable<never> {
    const appError = AppError.from(error);
    if (appError.kind === 'internal') this.logger.error(appError);
    const metadata = new Metadata();
    metadata.set('latchkey-code', appError.code);
    const message = appError.kind === 'internal' ? 'internal error' : appError.message;
    return throwError(() => ({ code: grpcStatusOf[appError.kind], details: message, message, metadata }));
  }
}
