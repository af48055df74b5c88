import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { createFastifyAdapter } from './fastify-adapter.js';

describe('the address of a client', () => {
  const addressSeen = async (trustedProxies?: string[]): Promise<string> => {
    const fastify = createFastifyAdapter(trustedProxies).getInstance();
    fastify.get('/', (request) => request.ip);
    const url = await fastify.listen({ host: '127.0.0.1', port: 0 });
    try {
      const answer = await fetch(url, { headers: { 'x-forwarded-for': '6.6.6.6, 203.0.113.7' } });
      return await answer.text();
    } finally {
      await fastify.close();
    }
  };

  it('is what a trusted proxy says, as far as it is trusted', async () => {
    expect(await addressSeen(['127.0.0.0/8'])).toBe('203.0.113.7');
  });

  it('is not what anybody else says', async () => {
    expect(await addressSeen()).toBe('127.0.0.1');
    expect(await addressSeen(['192.0.2.1'])).toBe('127.0.0.1');
  });
});

describe('an address', () => {
  const answerTo = async (path: string): Promise<{ status: number; body: string }> => {
    const fastify = createFastifyAdapter().getInstance();
    fastify.get('/things/:id', () => 'found');
    const url = await fastify.listen({ host: '127.0.0.1', port: 0 });
    try {
      const answer = await fetch(url + path);
      return { status: answer.status, body: await answer.text() };
    } finally {
      await fastify.close();
    }
  };

  it('may end with a slash', async () => {
    expect(await answerTo('/things/1/')).toEqual({ status: 200, body: 'found' });
  });

  it('that cannot be read is what the refusal speaks of, and not the body', async () => {
    const { status, body } = await answerTo('/things/%E0%A4%A');
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({
      error: expect.stringMatching(/^The address cannot be read/),
      code: 'invalid_request',
      request_id: expect.stringMatching(/./),
    });
  });
});

describe('what is no request that HTTP knows', () => {
  const answerTo = async (sent: string): Promise<{ head: string; body: unknown }> => {
    const fastify = createFastifyAdapter().getInstance();
    const { port } = new URL(await fastify.listen({ host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(port), '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write(sent);
      const [head, body] = (await text(socket)).split('\r\n\r\n') as [string, string];
      return { head, body: JSON.parse(body) as unknown };
    } finally {
      socket.destroy();
      await fastify.close();
    }
  };

  it.each([
    ['a line that is none', 'nonsense\r\n\r\n', /^The request cannot be read as HTTP/],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', /as HTTP/],
    [
      'too many headers',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      /^The headers are larger than 16 KiB/,
    ],
  ])('gets the one error body too: %s', async (_, sent, message) => {
    const { head, body } = await answerTo(sent);
    expect(body).toEqual({
      error: expect.stringMatching(message),
      message: expect.stringMatching(message),
      code: 'invalid_request',
      type: 'invalid',
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(head).toContain(`x-request-id: ${(body as { request_id: string }).request_id}`);
  });
});
