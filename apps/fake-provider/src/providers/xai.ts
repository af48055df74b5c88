import { authorization, ok, type FakeApi } from '../fake-api.js';

const about = {
  redacted_api_key: 'xai-...fake',
  name: 'fake',
  acls: ['api-key:model:*', 'api-key:endpoint:*'],
  team_blocked: false,
  api_key_blocked: false,
  api_key_disabled: false,
};

/** A limited key draws pictures and does not chat. */
export const xai: FakeApi = {
  ...authorization('Bearer'),
  checkPath: '/v1/api-key',
  routes: {
    'GET /v1/api-key': ({ state }) =>
      ok(state === 'limited' ? { ...about, acls: ['api-key:model:*', 'api-key:endpoint:image'] } : about),
    'GET /v1/models': () =>
      ok({ object: 'list', data: ['grok-4.3', 'grok-imagine'].map((id) => ({ id, object: 'model' })) }),
    'GET /v1/tts/voices': () =>
      ok({ voices: ['ara', 'eve', 'leo'].map((voice_id) => ({ voice_id, name: voice_id.toUpperCase() })) }),
  },
  invalid: {
    status: 400,
    body: { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: xa***ke.' },
  },
  blocked: ok({ ...about, api_key_blocked: true }),
  outOfCredit: {
    status: 403,
    body: { code: 'permission-denied', error: "Your team doesn't have any credits or has reached its spending limit." },
  },
};
