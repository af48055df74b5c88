/** Every status that refuses a request, what it means, and the codes that it comes with. */
export const refusals = {
  400: {
    name: 'BadRequest',
    description: 'The request cannot be understood: a field is missing, unknown or wrong.',
    codes: ['invalid_request', 'missing_field', 'invalid_event'],
  },
  401: {
    name: 'Unauthorized',
    description: 'There is no token, nobody knows it, or it is good no more.',
    codes: ['unauthorized', 'api_key_expired', 'api_key_revoked'],
  },
  403: { name: 'Forbidden', description: 'The token may not do this.', codes: ['forbidden'] },
  404: {
    name: 'NotFound',
    description: 'There is no such thing, or it belongs to another organization.',
    codes: ['not_found', 'no_key', 'organization_not_found'],
  },
  409: {
    name: 'Conflict',
    description: 'It does not go together with what is there.',
    codes: [
      'already_current',
      'idempotency_key_reused',
      'request_in_progress',
      'last_admin_token',
      'too_many_webhooks',
      'not_dead',
    ],
  },
  412: {
    name: 'PreconditionFailed',
    description: 'The slot has another epoch than If-Match says: somebody was faster.',
    codes: ['epoch_mismatch'],
  },
  413: { name: 'PayloadTooLarge', description: 'The body is larger than 1 MiB.', codes: ['payload_too_large'] },
  415: { name: 'UnsupportedMediaType', description: 'The body is not JSON.', codes: ['unsupported_media_type'] },
  422: {
    name: 'Unprocessable',
    description: 'The provider says that the key is not good. Nothing was stored.',
    codes: ['key_rejected', 'provider_refused'],
  },
  429: { name: 'TooManyRequests', description: 'Too many requests; wait first.', codes: ['rate_limit_exceeded'] },
  500: { name: 'InternalError', description: 'Something went wrong on our side.', codes: ['internal_error'] },
  503: {
    name: 'Unavailable',
    description: 'Something that we need cannot be reached; nothing has changed. Try again.',
    codes: [
      'database_unavailable',
      'database_not_prepared',
      'kek_unavailable',
      'sealed',
      'provider_unavailable',
      'event_bus_unavailable',
      'no_answer_yet',
    ],
  },
} as const;
