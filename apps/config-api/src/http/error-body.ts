import { HttpException } from '@nestjs/common';
import { AppError, httpStatusOf } from '#libs/errors';
import { scrubSecrets } from '#libs/observability';
import type { ErrorBody } from './error-body.schema.js';

export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: ErrorBody;
}

/** What a client is told about `error`: nothing about an error that nobody foresaw, and never a secret. */
export function errorAnswerOf(error: unknown, requestId: string): ErrorAnswer {
  const { status, error: known } = knownError(error);
  const details = (known.details ?? []).filter((detail) => detail !== withoutStop(known.message));
  const untold = details.filter((detail) => !known.message.includes(detail));
  const message = untold.length > 0 ? `${known.message} (${untold.join('; ')})` : known.message;
  return {
    status,
    headers: headersOf(known),
    body: {
      error: scrubSecrets(known.message),
      message: scrubSecrets(message),
      code: known.code,
      ...(known.param && { param: scrubSecrets(known.param) }),
      type: known.kind,
      ...(details.length > 0 && { details: details.map(scrubSecrets) }),
      request_id: requestId,
    },
  };
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

interface KnownError {
  status: number;
  error: AppError;
}

function knownError(error: unknown): KnownError {
  if (error instanceof AppError && error.kind !== 'internal') return { status: httpStatusOf[error.kind], error };
  if ((error as { code?: unknown } | null | undefined)?.code === 'FST_ERR_BAD_URL') return malformedAddress;
  const status = error instanceof HttpException ? error.getStatus() : frameworkStatusOf(error);
  return frameworkErrors[status] ?? unforeseen;
}

/** The status that Fastify puts on what is wrong with a request, such as a body that is too large or ends early. */
function frameworkStatusOf(error: unknown): number {
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}

const malformed: KnownError = {
  status: 400,
  error: new AppError('invalid', 'invalid_request', { message: 'The request cannot be read: its body must be JSON.' }),
};

const malformedAddress: KnownError = {
  status: 400,
  error: new AppError('invalid', 'invalid_request', {
    message: 'The address cannot be read: a % in it must be followed by the two hexadecimal digits of a byte of UTF-8.',
  }),
};

const frameworkErrors: Record<number, KnownError> = {
  400: malformed,
  404: { status: 404, error: new AppError('not_found', 'not_found', { message: 'There is no such route.' }) },
  413: {
    status: 413,
    error: new AppError('invalid', 'payload_too_large', { message: 'The body is larger than 1 MiB.' }),
  },
  414: { status: 400, error: new AppError('invalid', 'invalid_request', { message: 'The address is too long.' }) },
};

const unforeseen: KnownError = {
  status: 500,
  error: new AppError('internal', 'internal_error', { message: 'Something went wrong on our side.' }),
};

function headersOf({ kind, retryAfterSeconds }: AppError): Record<string, string> {
  if (kind === 'unauthenticated') return { 'www-authenticate': 'Bearer' };
  const seconds = retryAfterSeconds ?? (kind === 'unavailable' ? 1 : undefined);
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}
