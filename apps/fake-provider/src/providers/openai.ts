import { authorization, ok, type FakeAnswer, type FakeApi } from '../fake-api.js';

const models = ['gpt-5.4', 'gpt-5.4-mini', 'gpt-4o', 'gpt-live-1', 'text-embedding-3-large'];

export const openai: FakeApi = {
  ...authorization('Bearer'),
  checkPath: '/v1/models',
  routes: {
    'GET /v1/models': ({ state }) =>
      state === 'limited'
        ? lacking('api.model.read')
        : ok({ object: 'list', data: models.map((id) => ({ id, object: 'model', owned_by: 'openai' })) }),
    // Complains of the empty body only once the key may do what is asked.
    'POST /v1/chat/completions': ({ state }) =>
      state === 'limited' ? lacking('model.request') : refusal(400, 'you must provide a model parameter', null),
  },
  invalid: refusal(401, 'Incorrect API key provided: sk-fa***********ke.', 'invalid_api_key'),
  blocked: refusal(401, 'The account associated with this API key has been deactivated.', 'account_deactivated'),
  outOfCredit: refusal(429, 'You exceeded your current quota, please check your plan.', 'insufficient_quota'),
};

function lacking(scope: string): FakeAnswer {
  return refusal(
    401,
    `You have insufficient permissions for this operation. Missing scopes: ${scope}. Check that you have the correct role.`,
    'missing_scope',
  );
}

function refusal(status: number, message: string, code: string | null): FakeAnswer {
  return { status, body: { error: { message, type: 'invalid_request_error', param: null, code } } };
}
