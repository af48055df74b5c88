import { ok, ownHeader, type FakeAnswer, type FakeApi, type FakeCall } from '../fake-api.js';

/** Pages are small, so that a handful of voices takes several. */
const pageSizeMax = 2;

const models = [
  ['eleven_flash_v2_5', 'Eleven Flash v2.5'],
  ['eleven_v3', 'Eleven v3'],
  ['eleven_english_sts_v2', 'Eleven English v2'],
].map(([model_id, name]) => ({ model_id, name }));

/** A limited key speaks, but neither transcribes nor reads the account. */
export const elevenlabs: FakeApi = {
  ...ownHeader('xi-api-key'),
  checkPath: '/v1/user',
  routes: {
    'GET /v1/user': (call) =>
      unlessLimited(call, 'user_read', ok({ user_id: 'fake', subscription: { tier: 'creator', status: 'active' } })),
    'POST /v1/text-to-speech/latchkey-probe': () => unprocessable('text'),
    'POST /v1/speech-to-text': (call) => unlessLimited(call, 'speech_to_text', unprocessable('model_id')),
    'GET /v1/models': (call) => unlessLimited(call, 'models_read', ok(models)),
    'GET /v2/voices': (call) => unlessLimited(call, 'voices_read', voicePage(call)),
    // Everybody's voices, not the account's.
    'GET /v1/shared-voices': () => ok({ voices: [{ voice_id: 'stranger', name: 'Stranger' }], has_more: false }),
  },
  invalid: refusal(401, 'invalid_api_key', 'Invalid API key'),
  outOfCredit: refusal(401, 'quota_exceeded', 'This request exceeds your quota.'),
};

function voicePage({ query, voices }: FakeCall): FakeAnswer {
  const size = Math.min(Number(query.get('page_size') ?? 10), pageSizeMax);
  const from = Number(query.get('next_page_token')?.replace('page-', '') ?? 0);
  const hasMore = from + size < voices.length;
  return ok({
    voices: voices.slice(from, from + size).map(({ id, name }) => ({ voice_id: id, name, category: 'cloned' })),
    has_more: hasMore,
    total_count: voices.length,
    next_page_token: hasMore ? `page-${from + size}` : null,
  });
}

function unlessLimited({ state }: FakeCall, permission: string, answer: FakeAnswer): FakeAnswer {
  if (state !== 'limited') return answer;
  return refusal(
    401,
    'missing_permissions',
    `The API key you used is missing the permission ${permission} to execute this operation.`,
  );
}

function refusal(status: number, code: string, message: string): FakeAnswer {
  return { status, body: { detail: { status: code, message } } };
}

function unprocessable(field: string): FakeAnswer {
  return { status: 422, body: { detail: [{ type: 'missing', loc: ['body', field], msg: 'Field required' }] } };
}
