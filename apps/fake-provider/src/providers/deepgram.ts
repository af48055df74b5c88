import { authorization, ok, type FakeApi } from '../fake-api.js';

const stt = ['nova-3', 'nova-2'].map((name) => ({ name, canonical_name: `${name}-general`, languages: ['en', 'de'] }));

export const deepgram: FakeApi = {
  ...authorization('Token'),
  checkPath: '/v1/auth/token',
  routes: {
    'GET /v1/auth/token': ({ state }) =>
      ok({ api_key_id: 'fake-key', scopes: state === 'limited' ? ['project:read', 'keys:read'] : ['usage:write'] }),
    'GET /v1/models': () =>
      ok({ stt: [{ name: 'nova-3', canonical_name: 'nova-3', languages: ['en'] }, ...stt], tts: [] }),
  },
  invalid: { status: 401, body: { err_code: 'INVALID_AUTH', err_msg: 'Invalid credentials.', request_id: 'fake' } },
  outOfCredit: {
    status: 402,
    body: { err_code: 'ASR_PAYMENT_REQUIRED', err_msg: 'Project does not have enough credits.', request_id: 'fake' },
  },
};
