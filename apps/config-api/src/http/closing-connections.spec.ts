import { Agent, get } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { createFastifyAdapter } from './fastify-adapter.js';

describe('a server that stops', () => {
  it('answers the request in hand and closes its connection, however long the client would hold it', async () => {
    const fastify = createFastifyAdapter().getInstance();
    let answer = (): void => undefined;
    const taken = new Promise<void>((isTaken) => {
      fastify.get('/', () => {
        isTaken();
        return new Promise((done) => (answer = () => done('done')));
      });
    });
    const url = await fastify.listen({ host: '127.0.0.1', port: 0 });
    const agent = new Agent({ keepAlive: true });
    const headers = new Promise<unknown>((resolve, reject) => {
      get(url, { agent }, (response) => response.resume().on('end', () => resolve(response.headers))).on(
        'error',
        reject,
      );
    });
    await taken;
    const closed = fastify.close();
    // The connection is busy when the server looks for idle ones.
    setTimeout(() => answer(), 50);
    expect(await headers).toMatchObject({ connection: 'close' });
    await closed;
    agent.destroy();
  });
});
