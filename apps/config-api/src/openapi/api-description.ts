import type { ApiDescription } from '#libs/openapi';
import { errorBodySchema, type ErrorBody } from '../http/error-body.schema.js';
import { refusals } from '../http/refusals.js';
import { webhookPayloads } from '../webhooks/webhook-payload.schema.js';
import { routeAccessOf } from './route-access.js';

/** What the OpenAPI document says beside the routes. */
export const apiDescription: ApiDescription = {
  info: {
    title: 'Latchkey',
    version: '1.0.0',
    description: [
      'Which API keys does a phone call run on? Organizations bring their own provider keys, Latchkey keeps them sealed,',
      'checks them, and decides for every call whose key each of its components gets. No answer ever has a key in it.',
      '',
      'Send `Authorization: Bearer <token>`: an organization acts by one of its tokens, the operator by the admin token.',
      'Everything is JSON. A field may be added to an answer at any time; clients ignore what they do not know.',
      'Every refusal has the one error body; programs read its `code`, people its `error` and `message`.',
      "`X-RateLimit-*` are on every answer to an organization's token, expired and revoked ones included; an answer without",
      'a token that we know, and any to the operator, has no count.',
      'Repeat a GET on 5xx; repeat a POST only with the `Idempotency-Key` of the first try.',
    ].join('\n'),
  },
  chapters: [
    {
      name: 'Keys',
      description: 'Which provider keys an organization has: add, replace, check, rotate, revoke, remove.',
      paths: ['/api/v1/byok'],
    },
    {
      name: 'Platform keys',
      description: "The platform's default keys, set by the operator: the same routes as for an organization's own.",
      paths: ['/admin/v1/platform'],
    },
    {
      name: 'Assistants',
      description: 'What an assistant needs keys for, and whether a call with it will work. `/agents` is an alias.',
      paths: ['/api/v1/assistants', '/api/v1/agents', '/api/v1/preflight'],
    },
    { name: 'Calls', description: 'Which key every component of a call got, and why.', paths: ['/api/v1/calls'] },
    {
      name: 'Webhooks',
      description: 'What we tell an organization by itself: keys in trouble, keys that expire, fallbacks.',
      paths: ['/api/v1/webhooks'],
    },
    {
      name: 'Organizations',
      description: 'Tenants, their agencies and their tokens.',
      paths: ['/api/v1/organizations', '/api/v1/organization', '/api/v1/tokens', '/admin/v1'],
    },
    { name: 'Operation', description: 'Health, metrics and this document.', paths: ['/'] },
  ],
  securitySchemes: {
    organizationToken: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'lk_live_<id>_<secret>',
      description: 'A token of an organization: it says for whom the request is.',
    },
    serviceToken: {
      type: 'http',
      scheme: 'bearer',
      description: "The orchestrator's token (`LATCHKEY_SERVICE_TOKEN`).",
    },
    adminToken: { type: 'http', scheme: 'bearer', description: "The operator's token (`LATCHKEY_ADMIN_TOKEN`)." },
  },
  accessOf: routeAccessOf,
  pathParameters: {
    provider: { description: 'A slot of the catalogue, as `GET /api/v1/byok/config` lists them.', example: 'openai' },
    call_id: { description: 'The id that the orchestrator gave the call.', example: 'call-2026-11-24-0001' },
    organization_id: {
      description: 'An organization, as `GET /admin/v1/organizations` lists them.',
      example: '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a',
    },
    delivery_id: { description: 'One delivery of a webhook.', example: '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a' },
    id: {
      description: 'The id that the answer to its creation gave.',
      example: '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a',
    },
  },
  webhooks: {
    events: webhookPayloads,
    tag: 'Webhooks',
    headers: {
      'X-Webhook-Event': { description: 'The name of the event.', example: 'byok.key.rotated' },
      'X-Webhook-Timestamp': {
        description: 'When it was sent, in Unix seconds. Refuse what is more than 300 s away.',
        example: '1795513260',
      },
      'X-Webhook-Signature': {
        description: '`sha256=` and the hexadecimal HMAC-SHA256 of `<timestamp>.<raw body>` by the secret.',
        example: `sha256=${'0'.repeat(64)}`,
      },
      'X-Webhook-Signature-Previous': {
        description: 'The same by the secret before it, while that counts: until `previous_secret_until`.',
        example: `sha256=${'0'.repeat(64)}`,
        required: false,
      },
    },
    taken: 'It is taken. Anything else, and no answer within 5 s, has it come again later.',
  },
  refusals: Object.fromEntries(Object.entries(refusals).map(([status, refusal]) => [status, withExample(refusal)])),
  errorBody: errorBodySchema,
};

function withExample({ type, ...refusal }: (typeof refusals)[number]): ApiDescription['refusals'][number] {
  const { description: text, codes, special = [] } = refusal;
  const [code] = [...codes, ...special];
  const example: ErrorBody = { error: text, message: text, code: code!, type, request_id: 'req-0001' };
  return { ...refusal, example };
}
