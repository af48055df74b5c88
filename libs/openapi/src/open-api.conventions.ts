import type { Route } from './route.js';

/** Who may use a route. */
export interface RouteAccess {
  /** Names of the security schemes, one of which suffices. */
  schemes: readonly string[];
  /** What the token of the scoped scheme must be allowed to do; one of them suffices. */
  scopes: readonly string[];
  /** The one of the schemes whose tokens have scopes and whose requests are counted. */
  scopedScheme?: string;
  /** Whether tokens are those of callers, who may repeat POST requests. */
  isForCallers: boolean;
}

interface Header {
  description: string;
  /** An answer that tells of the header always has it. */
  required?: true;
  schema: Record<string, unknown>;
  example: string | number;
}

/** Headers that clients may send, by the rule that a route takes them. */
export const requestHeaders = {
  'X-Request-Id': {
    description: 'An id of yours for this request, repeated in the answer and in our logs. Without it we draw one.',
    schema: { type: 'string', maxLength: 64 },
    example: 'req-2026-11-24-0001',
  },
  'X-Latchkey-Organization': {
    description: "The child organization that an agency's token acts for. Without it: the token's own organization.",
    schema: { type: 'string', format: 'uuid' },
    example: '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a',
  },
  'Idempotency-Key': {
    description: 'Makes a repeat safe: for 24 hours the same request with the same key gets the same answer.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    example: 'b1f2b9a0-rotate-1',
  },
  'If-Match': {
    description: 'The epoch that you believe the slot has, as its ETag said: 412 when somebody was faster.',
    schema: { type: 'string', pattern: '^("\\d{1,15}"|\\d{1,15})$' },
    example: '"7"',
  },
} satisfies Record<string, Header>;

/** Headers that we answer with. */
export const answerHeaders = {
  'X-Request-Id': {
    description: 'The id of this request.',
    required: true,
    schema: { type: 'string' },
    example: 'req-2026-11-24-0001',
  },
  ETag: {
    description: 'The epoch of the slot, for a later If-Match.',
    required: true,
    schema: { type: 'string' },
    example: '"7"',
  },
  'X-RateLimit-Limit': {
    description:
      "Requests that an organization's token may make in a minute. The three are absent where none are counted.",
    schema: { type: 'integer' },
    example: 100,
  },
  'X-RateLimit-Remaining': {
    description: 'Requests left in the current minute.',
    schema: { type: 'integer' },
    example: 99,
  },
  'X-RateLimit-Reset': {
    description: 'When the count begins anew, in Unix seconds.',
    schema: { type: 'integer' },
    example: 1_795_513_260,
  },
  'Idempotent-Replayed': {
    description: 'The answer is that of an earlier request with the same Idempotency-Key.',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  'Retry-After': { description: 'Seconds to wait before another try.', schema: { type: 'integer' }, example: 1 },
  'WWW-Authenticate': {
    description: 'How to prove who you are.',
    required: true,
    schema: { type: 'string' },
    example: 'Bearer',
  },
} satisfies Record<string, Header>;

export type RequestHeader = keyof typeof requestHeaders;
export type AnswerHeader = keyof typeof answerHeaders;

/** Headers that a client may send to a route. */
export function requestHeadersOf(route: Route, access: RouteAccess | undefined): RequestHeader[] {
  const names: RequestHeader[] = ['X-Request-Id'];
  if (access?.isForCallers && !route.path.startsWith('/admin/')) names.push('X-Latchkey-Organization');
  if (access?.isForCallers && route.method === 'post') names.push('Idempotency-Key');
  if (route.answers.some((answer) => answer.ifMatch)) names.push('If-Match');
  return names;
}

/** How an organization's token stands: all of them, or none where requests are not counted. */
export const rateLimitHeaders: readonly AnswerHeader[] = [
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
];

/** Headers of what a route answers by itself. */
export function answerHeadersOf({ method }: Route, access: RouteAccess | undefined): AnswerHeader[] {
  const isCounted = access?.scopedScheme !== undefined && access.schemes.includes(access.scopedScheme);
  const isRepeatable = access?.isForCallers && method === 'post';
  return [
    'X-Request-Id',
    ...(isCounted ? rateLimitHeaders : []),
    ...(isRepeatable ? (['Idempotent-Replayed'] as const) : []),
  ];
}

/** Headers of a refusal with this status, whatever the route: a token is counted at the wrong door, too. */
export function refusalHeadersOf(status: number): AnswerHeader[] {
  const names: AnswerHeader[] = ['X-Request-Id', ...rateLimitHeaders];
  if (status === 401) names.push('WWW-Authenticate');
  if ([409, 429, 503].includes(status)) names.push('Retry-After');
  if ([400, 403, 404, 409, 412, 422].includes(status)) names.push('Idempotent-Replayed');
  return names;
}

/** Statuses of the refusals that a route may give, by its shape and by the statuses that its decorator names. */
export function errorStatusesOf(route: Route, access: RouteAccess | undefined): number[] {
  const reads = route.method === 'get';
  return [
    ...(reads ? [] : [400, 413]),
    ...(access ? [400, 401, 503] : []),
    ...(access?.isForCallers ? [403, 404] : []),
    ...(access?.isForCallers && route.method === 'post' ? [409] : []),
    ...route.answers.flatMap(({ errors = [], ifMatch }) => [
      ...errors.filter((error) => typeof error === 'number'),
      ...(ifMatch ? [412] : []),
    ]),
    429,
    500,
  ];
}

/** Headers of an answer, which the document describes once. */
export function headerReferences(names: readonly AnswerHeader[]): Record<string, { $ref: string }> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
