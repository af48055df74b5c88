import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

jest.setTimeout(60_000);

const pipeline = {
  stt_config: { provider: 'deepgram', model: 'nova-3' },
  llm_config: { provider: 'openai', temperature: 0.4 },
  tts_config: { provider: '11labs', voice_id: 'aQ3x' },
};

interface Page {
  assistants: unknown[];
  next_cursor: string | null;
}

describe('assistants', () => {
  let api: ConfigApiFixture;
  let acme: { id: string; token: string };

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    acme = await api.createOrganization('Acme');
  });
  afterAll(() => api.stop());

  const send = <T>(method: string, path: string, body?: unknown): Promise<Answer<T>> =>
    api.call<T>(acme.token, method, `/api/v1${path}`, body === undefined ? {} : { body });
  const refused = async (body: object, code = 'invalid_request'): Promise<ErrorBody> =>
    expectError(await send<ErrorBody>('POST', '/assistants', { name: 'A', ...body }), 400, code);

  it('are refused with the field and the allowed values for what the catalogue does not have', async () => {
    expect(await refused({ stt_config: { provider: 'nobody' } })).toMatchObject({
      error:
        'stt_config.provider names no provider of stt; ' +
        'stt_config.provider may be deepgram, elevenlabs, gladia, mistral, google.',
      message:
        'stt_config.provider names no provider of stt; ' +
        'stt_config.provider may be deepgram, elevenlabs, gladia, mistral, google.',
      param: 'stt_config.provider',
      details: ['stt_config.provider may be deepgram, elevenlabs, gladia, mistral, google'],
    });
    expect(await refused({ llm_config: { provider: 'xai', model: 'gpt-5' } })).toMatchObject({
      param: 'llm_config.model',
      details: ['llm_config.model may be grok-4.3'],
    });
    expect(await refused({ llm_config: { provider: 'openai_live', voice: 'nobody' } })).toMatchObject({
      param: 'llm_config.voice',
      details: ['llm_config.voice may be marin, beacon, cinder, stone, vesper'],
    });
    for (const temperature of [-0.1, 2.1]) {
      expect(await refused({ llm_config: { provider: 'openai', temperature } })).toMatchObject({
        param: 'llm_config.temperature',
        message: 'llm_config.temperature must be a number from 0 to 2.',
      });
    }
    const created = await send<{ assistant: { id: string } }>('POST', '/assistants', { name: 'A', ...pipeline });
    const { id } = created.body.assistant;
    const answer = await send<ErrorBody>('PATCH', `/assistants/${id}`, { tts_config: { model: 'gpt-5' } });
    expect(expectError(answer, 400, 'invalid_request')).toMatchObject({ param: 'tts_config.model' });
    expect((await send('GET', `/assistants/${id}`)).body).toMatchObject({ assistant: pipeline });
  });

  it.each([
    ['name', 7],
    ['name', ''],
    ['name', 'x'.repeat(201)],
    ['name', null],
    ['is_active', 'yes'],
    ['first_message', ['hi']],
    ['stt_config', 'deepgram'],
    ['tts_config', []],
    ['llm_config.temperature', '0.5'],
    ['llm_config.messages', 'be brief'],
    ['llm_config.provider', { id: 'openai' }],
    ['llm_config.model', 5],
    ['tts_config.voice_id', 5],
    ['analysis_plan.enabled', 'no'],
    ['analysis_plan.llm', 'openai'],
    ['custom', { deep: 'NUL \0' }],
    ['custom', 'half \ud83d'],
  ])('are refused when %s is %j', async (path, value) => {
    const [field = '', inner] = path.split('.');
    const body = { [field]: inner === undefined ? value : { provider: 'openai', [inner]: value } };
    const { param } = await refused(body);
    expect([path, `${path}.deep`]).toContain(param);
  });

  it('are no place for keys, and an error does not repeat one', async () => {
    const key = api.plantKey('sk-');
    expect(await refused({ llm_config: { provider: 'openai', api_key: key } })).toMatchObject({
      param: 'llm_config.api_key',
    });
    expect(await refused({ llm_config: { provider: key } })).toMatchObject({ param: 'llm_config.provider' });
    expect(await refused({ llm_config: { provider: 'openai', model: key } })).toMatchObject({
      param: 'llm_config.model',
    });
  });

  it('keep what only sounds like a key', async () => {
    const body = {
      name: 'A',
      webhook_secret: 'of-the-client',
      llm_config: { provider: 'openai', max_tokens: '4096', end_token: '</s>', tools: [{ api_key: 'of-a-tool' }] },
      analysis_plan: { structured_data: { token: 'the word for it' } },
    };
    const { status, body: made } = await send<{ assistant: object }>('POST', '/assistants', body);
    expect({ status, assistant: made.assistant }).toMatchObject({ status: 201, assistant: body });
  });

  it('have a bounded size and depth', async () => {
    expect((await refused({ prompt: 'x'.repeat(130 * 1024) })).error).toContain('larger than 128 KiB');
    const raw = `{"name": "A", "deep": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const deep = await api.call<ErrorBody>(acme.token, 'POST', '/api/v1/assistants', { raw });
    expect(expectError(deep, 400, 'invalid_request').error).toMatch(/nested more than 64 levels deep/);
  });

  it.each(['limit=0', 'limit=-1', 'limit=x', 'limit=1.5', 'cursor=nonsense', 'cursor=', 'limit=1&limit=2'])(
    'are not listed for ?%s',
    async (query) => {
      const answer = await send<ErrorBody>('GET', `/assistants?${query}`);
      expect(expectError(answer, 400, 'invalid_request').param).toBe(query.split('=')[0]);
    },
  );

  it('are listed a hundred at once for clients that know no pages, and for those that ask for more', async () => {
    const { token } = await api.createOrganization('Many');
    for (let n = 0; n < 25; n += 1) {
      await api.call(token, 'POST', '/api/v1/assistants', { body: { name: `A${n}` } });
    }
    for (const query of ['', '?limit=9999']) {
      const { status, body } = await api.call<Page>(token, 'GET', `/api/v1/assistants${query}`);
      expect({ status, body }).toMatchObject({ status: 200, body: { assistants: { length: 25 }, next_cursor: null } });
    }
  });

  it('have names in any script, joiners included', async () => {
    for (const name of ['👩‍👩‍👧 Praxis', 'می‌خواهم', 'a\u00adb']) {
      const { status, body } = await send<{ assistant: { name: string } }>('POST', '/assistants', { name });
      expect([status, body.assistant.name]).toEqual([201, name]);
    }
    for (const name of ['a\u0000b', 'a\nb', 'half \ud83d']) expect((await refused({ name })).param).toBe('name');
  });

  it('show no key in any answer, log line or event', () => expect(api.leaks()).toEqual([]));
});
