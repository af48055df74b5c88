import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorAnswerOf } from './error-body.js';
import { createFastifyAdapter } from './fastify-adapter.js';

const adapter = createFastifyAdapter();
const fastify = adapter.getInstance();
let url = '';

beforeAll(async () => {
  adapter.registerParserMiddleware();
  fastify.post('/', (request) => ({ read: request.body ?? 'nothing' }));
  fastify.setErrorHandler((error, request, reply) => {
    const { status, body } = errorAnswerOf(error, request.id);
    return reply.code(status).send(body);
  });
  url = await fastify.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => fastify.close());

async function read(body: string | Blob, contentType?: string, encoding?: string): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      ...(contentType && { 'content-type': contentType }),
      ...(encoding && { 'content-encoding': encoding }),
    },
  });
  const { read: seen, message } = (await answer.json()) as { read?: unknown; message?: string };
  return answer.ok ? seen : `${answer.status} ${message}`;
}

const types = ['application/json', 'text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'json', 'a/b'];

describe('a body', () => {
  it.each(types)('that is JSON is read, also when it is called %s', async (type) => {
    expect(await read('{"provider":"openai"}', type)).toEqual({ provider: 'openai' });
  });

  it.each(types)('that is empty is none, also when it is called %s', async (type) => {
    expect(await read('', type)).toBe('nothing');
  });

  it('needs no content type', async () => {
    expect(await read(new Blob(['[1]']))).toEqual([1]);
    expect(await read(new Blob([]))).toBe('nothing');
  });

  it.each(types)('that is not JSON is refused, also when it is called %s', async (type) => {
    expect(await read('provider=openai', type)).toBe('400 The request cannot be read: its body must be JSON.');
  });

  it('that is not UTF-8 is refused: nothing is kept with other characters than it came with', async () => {
    const latin1 = new Blob([Buffer.from('{"name":"Café"}', 'latin1')]);
    expect(await read(latin1, 'application/json;charset=latin1')).toBe('400 The body must be in UTF-8.');
    expect(await read('\ufeff{"name":"Café 😀"}')).toEqual({ name: 'Café 😀' });
  });

  it('that is compressed is refused for that', async () => {
    const zipped = new Blob([gzipSync('{"name":"x"}')]);
    expect(await read(zipped, 'application/json', 'gzip')).toBe(
      '400 Bodies with a Content-Encoding are not read: send it as it is.',
    );
    expect(await read('{"name":"x"}', 'application/json', 'identity')).toEqual({ name: 'x' });
  });

  it.each(['{"__proto__":{"a":1}}', '{"a":[{"__pr\\u006fto__":1}]}', '{"constructor":{"prototype":{"a":1}}}'])(
    'with a name that pollutes is refused for that name: %s',
    async (body) => {
      expect(await read(body)).toMatch(/^400 No field may be called __proto__/);
    },
  );
});
