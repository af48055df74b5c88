import type { ErrorKind } from './app-error.js';

/** HTTP status of each kind. */
export const httpStatusOf: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  unprocessable: 422,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
};

/** gRPC status code of each kind (numbers of google.rpc.Code). */
export const grpcStatusOf: Record<ErrorKind, number> = {
  invalid: 3,
  unauthenticated: 16,
  forbidden: 7,
  not_found: 5,
  conflict: 6,
  precondition_failed: 9,
  unprocessable: 3,
  rate_limited: 8,
  unavailable: 14,
  internal: 13,
};

/** What becomes of an event whose handling failed: only what may pass by itself is worth another try. */
export const deliveryOutcomeOf: Record<ErrorKind, 'retry' | 'dead_letter'> = {
  invalid: 'dead_letter',
  unauthenticated: 'dead_letter',
  forbidden: 'dead_letter',
  not_found: 'dead_letter',
  conflict: 'dead_letter',
  precondition_failed: 'dead_letter',
  unprocessable: 'dead_letter',
  rate_limited: 'retry',
  unavailable: 'retry',
  internal: 'dead_letter',
};
