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
