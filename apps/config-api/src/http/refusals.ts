import type { ErrorKind } from '#libs/errors';

/**
 * What a status that refuses a request means, the type of its body, and the codes that it comes with: those of any route,
 * and special ones of the routes that name them (`@Answers`, `errors`).
 */
interface Refusal {
  name: string;
  description: string;
  type: ErrorKind;
  codes: readonly string[];
  special?: readonly string[];
}

/** Every status that refuses a request. */
export const refusals: Record<number, Refusal> = {
  400: {
    name: 'BadRequest',
    description: 'The request cannot be understood: a field is missing, unknown or wrong.',
    type: 'invalid',
    codes: ['invalid_request', 'missing_field'],
    special: ['invalid_event'],
  },
  401: {
    name: 'Unauthorized',
    description: 'There is no token, nobody knows it, or it is good no more.',
    type: 'unauthenticated',
    codes: ['unauthorized', 'api_key_expired', 'api_key_revoked'],
  },
  403: { name: 'Forbidden', description: 'The token may not do this.', type: 'forbidden', codes: ['forbidden'] },
  404: {
    name: 'NotFound',
    description: 'There is no such thing, or it belongs to another organization.',
    type: 'not_found',
    codes: ['not_found', 'organization_not_found'],
    special: ['no_key'],
  },
  409: {
    name: 'Conflict',
    description: 'It does not go together with what is there.',
    type: 'conflict',
    codes: ['idempotency_key_reused', 'request_in_progress'],
    special: ['already_current', 'last_admin_token', 'too_many_webhooks', 'not_dead'],
  },
  412: {
    name: 'PreconditionFailed',
    description: 'The slot has another epoch than If-Match says: somebody was faster.',
    type: 'precondition_failed',
    codes: ['epoch_mismatch'],
  },
  413: {
    name: 'PayloadTooLarge',
    description: 'The body is larger than 1 MiB.',
    type: 'invalid',
    codes: ['payload_too_large'],
  },
  422: {
    name: 'Unprocessable',
    description: 'The provider says that the key is not good. Nothing was stored.',
    type: 'unprocessable',
    codes: [],
    special: ['key_rejected', 'provider_refused'],
  },
  429: {
    name: 'TooManyRequests',
    description: 'Too many requests; wait first.',
    type: 'rate_limited',
    codes: ['rate_limit_exceeded'],
  },
  500: {
    name: 'InternalError',
    description: 'Something went wrong on our side.',
    type: 'internal',
    codes: ['internal_error'],
  },
  503: {
    name: 'Unavailable',
    description: 'Something that we need cannot be reached; nothing has changed. Try again.',
    type: 'unavailable',
    codes: ['database_unavailable', 'database_not_prepared', 'kek_unavailable', 'sealed'],
    special: ['provider_unavailable', 'event_bus_unavailable', 'no_answer_yet'],
  },
};
