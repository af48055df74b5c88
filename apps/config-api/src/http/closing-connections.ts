import type { FastifyAdapter } from '@nestjs/platform-fastify';

const idleCheckMs = 100;

/**
 * Lets a server that stops lose its connections as soon as they have their answers. By itself it keeps one that was
 * busy when the stop began open for as long as an idle client holds it: a minute and more.
 */
export function closeConnectionsOnStop(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  let stopping = false;
  fastify.addHook('preClose', (done) => {
    stopping = true;
    const timer = setInterval(() => fastify.server.closeIdleConnections(), idleCheckMs).unref();
    fastify.server.once('close', () => clearInterval(timer));
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    // Told, a client sends nothing more on it.
    if (stopping) reply.header('connection', 'close');
    done(null, payload);
  });
}
