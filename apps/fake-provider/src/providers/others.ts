import { authorization, ok, ownHeader, type FakeAnswer, type FakeApi } from '../fake-api.js';

const message = (status: number, text: string): FakeAnswer => ({ status, body: { message: text, request_id: 'fake' } });

/** Says nothing that could be understood as a verdict. */
const unclear = message(403, 'Forbidden');

export const mistral: FakeApi = {
  ...authorization('Bearer'),
  checkPath: '/v1/models',
  routes: {
    'GET /v1/models': ({ state }) =>
      state === 'limited'
        ? unclear
        : ok({ data: ['mistral-medium-latest', 'codestral-latest'].map((id) => ({ id, name: id })) }),
  },
  invalid: { status: 401, body: { detail: 'Invalid API Key' } },
};

export const gladia: FakeApi = {
  ...ownHeader('x-gladia-key'),
  checkPath: '/v2/pre-recorded',
  routes: { 'GET /v2/pre-recorded': ({ state }) => (state === 'limited' ? unclear : ok({ items: [], next: null })) },
  invalid: message(401, 'gladia key not found'),
};

export const inworld: FakeApi = {
  ...authorization('Basic'),
  checkPath: '/voices/v1/voices',
  routes: {
    'GET /voices/v1/voices': ({ state, voices }) =>
      state === 'limited'
        ? unclear
        : ok({ voices: voices.map(({ id, name }) => ({ voiceId: id, displayName: name })), nextPageToken: '' }),
  },
  invalid: { status: 401, body: { code: 16, message: 'Invalid API key', details: [] } },
};

const googleShared: Pick<FakeApi, 'headersOf' | 'keyOf' | 'invalid' | 'blocked'> = {
  ...ownHeader('x-goog-api-key'),
  // A bad request, not a lack of authorization.
  invalid: googleRefusal(400, 'INVALID_ARGUMENT', 'API_KEY_INVALID', 'API key not valid.'),
  blocked: googleRefusal(403, 'PERMISSION_DENIED', 'CONSUMER_SUSPENDED', 'Your API key was reported as leaked.'),
};

const googleLimited = googleRefusal(
  403,
  'PERMISSION_DENIED',
  'API_KEY_SERVICE_BLOCKED',
  'Requests to this API are blocked.',
);

export const google: FakeApi = {
  ...googleShared,
  checkPath: '/v1beta/models',
  routes: {
    'GET /v1beta/models': ({ state }) =>
      state === 'limited'
        ? googleLimited
        : ok({ models: ['gemini-3.8-live', 'gemma-4'].map((id) => ({ name: `models/${id}`, displayName: id })) }),
  },
};

const countTokens = 'POST /v1/publishers/google/models/gemini-2.5-flash:countTokens';

export const googleVertex: FakeApi = {
  ...googleShared,
  checkPath: '/v1beta1/publishers/google/models',
  routes: {
    [countTokens]: ({ state }) => (state === 'limited' ? googleLimited : ok({ totalTokens: 1 })),
    'GET /v1beta1/publishers/google/models': () =>
      ok({
        publisherModels: ['gemini-3.5-flash', 'chirp_3'].map((id) => ({ name: `publishers/google/models/${id}` })),
      }),
  },
};

function googleRefusal(code: number, status: string, reason: string, text: string): FakeAnswer {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }];
  return { status: code, body: { error: { code, message: text, status, details } } };
}
