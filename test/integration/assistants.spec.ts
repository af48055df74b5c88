import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { withinOrganization } from '#libs/keystore';
import { ConfigApiFixture, expectError, type Answer, type ErrorBody } from './config-api.fixture.js';

jest.setTimeout(60_000);

interface Assistant {
  id: string;
  [field: string]: unknown;
}
interface Page {
  assistants: Assistant[];
  next_cursor: string | null;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const pipeline = {
  stt_config: { provider: 'deepgram', model: 'nova-3', language: 'de', keywords: ['Praxis'] },
  llm_config: { provider: 'openai', temperature: 0.4, messages: [{ role: 'system', content: 'Be brief.' }], tools: [] },
  tts_config: { provider: '11labs', voice_id: 'aQ3x', stability: 0.5 },
  analysis_plan: { email: 'owner@example.com', llm: { provider: 'xai' } },
};

describe('assistants over HTTP', () => {
  let api: ConfigApiFixture;
  let acme: { id: string; token: string };
  let other: { id: string; token: string };

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    acme = await api.createOrganization('Acme');
    other = await api.createOrganization('Other');
  });
  afterAll(() => api.stop());

  const send = <T>(method: string, path: string, body?: unknown, token = acme.token): Promise<Answer<T>> =>
    api.call<T>(token, method, `/api/v1${path}`, body === undefined ? {} : { body });
  const create = async (body: object, token = acme.token): Promise<Assistant> => {
    const answer = await send<{ assistant: Assistant }>('POST', '/assistants', { name: 'A', ...body }, token);
    expect(answer.status).toBe(201);
    return answer.body.assistant;
  };
  const patch = (id: string, body: object): Promise<Answer<{ assistant: Assistant }>> =>
    send('PATCH', `/assistants/${id}`, body);

  it('need a name and nothing else', async () => {
    const answer = await send<{ assistant: Assistant }>('POST', '/assistants', { name: ' Front desk ' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      assistant: {
        id: expect.stringMatching(uuid),
        organization_id: acme.id,
        name: 'Front desk',
        is_active: true,
        first_message: null,
        stt_config: null,
        llm_config: null,
        tts_config: null,
        analysis_plan: null,
        created_at: expect.stringMatching(/Z$/),
        updated_at: expect.stringMatching(/Z$/),
      },
    });
    const nameless = await send<ErrorBody>('POST', '/assistants', pipeline);
    expect(expectError(nameless, 400, 'missing_field').param).toBe('name');
  });

  it('come back as they were sent, fields that nobody knows included', async () => {
    const sent = {
      ...pipeline,
      is_active: false,
      first_message: 'Hallo!',
      phone: { number: '+49 30 1', ünïcode: '🎧' },
    };
    const created = await create(sent);
    expect(created).toMatchObject(sent);
    const read = await send<{ assistant: Assistant }>('GET', `/assistants/${created.id}`);
    expect(read.status).toBe(200);
    expect(read.body).toEqual({ assistant: created });
  });

  it('keep the order of their fields, which says something to the model that is shown a tool', async () => {
    const properties = { zeta: { type: 'string' }, alpha: { type: 'number' }, b: { type: 'boolean' } };
    const tool = { type: 'function', function: { name: 'book', parameters: { type: 'object', properties } } };
    const { id } = await create({ llm_config: { provider: 'openai', tools: [tool] }, zulu: { y: 1, x: 2 }, a: 1 });
    await patch(id, { llm_config: { temperature: 0.2 } });
    const { text } = await send<{ assistant: Assistant }>('GET', `/assistants/${id}`);
    expect(text).toContain(JSON.stringify(tool));
    expect(text).toMatch(/"zulu":\{"y":1,"x":2\},"a":1/);
    const { text: listed } = await send<Page>('GET', '/assistants?limit=1');
    expect(listed).toContain(JSON.stringify(tool));
  });

  it('can be called agents everywhere, with the same answers', async () => {
    const created = await send<{ assistant: Assistant }>('POST', '/agents', { name: 'Agent' });
    expect(created.status).toBe(201);
    const { id } = created.body.assistant;
    for (const path of [`/agents/${id}`, `/assistants/${id}`]) {
      expect((await send('GET', path)).body).toEqual(created.body);
    }
    expect((await send<Page>('GET', '/agents')).body).toEqual((await send<Page>('GET', '/assistants')).body);
    expect((await send('PATCH', `/agents/${id}`, { name: 'Renamed' })).body).toMatchObject({
      assistant: { id, name: 'Renamed' },
    });
    expect((await send('DELETE', `/agents/${id}`)).body).toEqual({ success: true });
  });

  it('merge sections field by field, and null takes a section away', async () => {
    const { id, created_at: createdAt } = await create({ ...pipeline, tags: { a: 1 } });
    const answer = await patch(id, {
      llm_config: { model: 'gpt-5', voice: null },
      stt_config: null,
      analysis_plan: { enabled: false },
      tags: { b: 2 },
    });
    expect(answer.status).toBe(200);
    expect(answer.body.assistant).toMatchObject({
      name: 'A',
      stt_config: null,
      llm_config: { ...pipeline.llm_config, model: 'gpt-5', voice: null },
      tts_config: pipeline.tts_config,
      analysis_plan: { ...pipeline.analysis_plan, enabled: false },
      tags: { b: 2 },
      created_at: createdAt,
    });
    expect((await send('GET', `/assistants/${id}`)).body).toEqual(answer.body);
    expect(Object.keys(answer.body.assistant.tags as object)).toEqual(['b']);
  });

  it('lose no patch when several come at once', async () => {
    const { id } = await create(pipeline);
    const fields = Array.from({ length: 8 }, (_, index) => `field_${index}`);
    const answers = await Promise.all(fields.map((field) => patch(id, { stt_config: { [field]: field } })));
    expect(answers.map(({ status }) => status)).toEqual(fields.map(() => 200));
    const { body } = await send<{ assistant: Assistant }>('GET', `/assistants/${id}`);
    expect(body.assistant.stt_config).toEqual({
      ...pipeline.stt_config,
      ...Object.fromEntries(fields.map((field) => [field, field])),
    });
  });

  it('of a realtime llm have no tts section', async () => {
    const realtime = { provider: 'openai_live', voice: 'marin' };
    expect(await create({ ...pipeline, llm_config: realtime })).toMatchObject({ tts_config: null });
    const { id } = await create(pipeline);
    const answer = await patch(id, { llm_config: realtime });
    expect(answer.body.assistant).toMatchObject({ tts_config: null, llm_config: realtime });
  });

  it('are listed page by page, the newest first, without a gap or a repetition while more are made', async () => {
    const { token } = await api.createOrganization('Pages');
    const made: string[] = [];
    for (let number = 0; number < 7; number++) made.unshift((await create({ name: `${number}` }, token)).id);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/assistants?limit=3${cursor && `&cursor=${cursor}`}`;
      const { body } = await send<Page>('GET', path, undefined, token);
      seen.push(...body.assistants.map(({ id }) => id));
      cursor = body.next_cursor;
      await create({ name: 'meanwhile' }, token);
    }
    expect(seen).toEqual(made);
    const { body } = await send<Page>('GET', '/assistants', undefined, token);
    expect(body).toMatchObject({ assistants: { length: 10 }, next_cursor: null });
  });

  it('made at the very same moment are each on one page', async () => {
    const { id: organizationId, token } = await api.createOrganization('Moment');
    await withinOrganization(api.dataSource, organizationId, (manager) =>
      manager.query(
        `INSERT INTO assistant (organization_id, id, name, body)
         SELECT $1, 'asst_' || n, 'n', '{}' FROM generate_series(1, 5) AS n`,
        [organizationId],
      ),
    );
    const first = await send<Page>('GET', '/assistants?limit=2', undefined, token);
    const second = await send<Page>('GET', `/assistants?limit=3&cursor=${first.body.next_cursor}`, undefined, token);
    const ids = [...first.body.assistants, ...second.body.assistants].map(({ id }) => id);
    expect(ids).toEqual(['asst_5', 'asst_4', 'asst_3', 'asst_2', 'asst_1']);
    expect(second.body.next_cursor).toBeNull();
  });

  it('of another organization are not there, and neither are those with an odd id', async () => {
    const { id } = await create({});
    const odd = ['nobody', '%00', 'a%20b', 'x'.repeat(129)];
    for (const [token, path] of [[other.token, id], ...odd.map((name) => [acme.token, name])] as const) {
      for (const [method, body] of [['GET'], ['PATCH', { name: 'Mine' }], ['DELETE']] as const) {
        expectError(await send<ErrorBody>(method, `/assistants/${path}`, body, token), 404, 'not_found');
      }
    }
    for (const name of odd) {
      expectError(await send<ErrorBody>('POST', `/assistants/${name}/preflight`, {}), 404, 'not_found');
    }
    expect((await send<Page>('GET', '/assistants', undefined, other.token)).body.assistants).toEqual([]);
    const seen = await withinOrganization(api.dataSource, other.id, (manager) => manager.query('TABLE assistant'));
    expect(seen).toEqual([]);
    expect((await send('GET', `/assistants/${id}`)).status).toBe(200);
  });

  it('that are deleted are gone', async () => {
    const { id } = await create({});
    const deleted = await send('DELETE', `/assistants/${id}`);
    expect([deleted.status, deleted.body]).toEqual([200, { success: true }]);
    for (const method of ['GET', 'DELETE']) {
      expectError(await send<ErrorBody>(method, `/assistants/${id}`), 404, 'not_found');
    }
  });

  it('show no key in any answer, log line or event', () => expect(api.leaks()).toEqual([]));
});
