import { authorization, ok, type FakeAnswer, type FakeApi } from '../fake-api.js';

export const resend: FakeApi = {
  ...authorization('Bearer'),
  checkPath: '/domains',
  routes: {
    'GET /domains': ({ state }) =>
      state === 'limited'
        ? refusal(401, 'restricted_api_key', 'This API key is restricted to only send emails')
        : ok({ object: 'list', data: [{ id: 'fake', name: 'example.org', status: 'verified' }] }),
  },
  invalid: refusal(403, 'invalid_api_key', 'API key is invalid'),
};

function refusal(statusCode: number, name: string, message: string): FakeAnswer {
  return { status: statusCode, body: { statusCode, name, message } };
}
