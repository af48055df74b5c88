import { FastifyAdapter } from '@nestjs/platform-fastify';
import { closeConnectionsOnStop } from './closing-connections.js';
import { errorAnswerOf } from './error-body.js';
import type { HttpReply, HttpRequest } from './http-exchange.js';
import { readJsonBodies } from './json-bodies.js';
import { requestIdOf } from './request-id.js';
import { recordRequest } from './request-record.js';
import { answerUnreadableRequest } from './unreadable-request.js';

const bodyBytesMax = 1024 * 1024;
/** A call id has up to 128 characters, three times as many in an address. */
const paramLengthMax = 400;

/** The HTTP server: JSON bodies up to 1 MiB and 64 levels deep, request ids, one log line and one observation for each request. */
export function createFastifyAdapter(trustedProxies?: string[]): FastifyAdapter {
  const adapter = new JsonFastifyAdapter({
    ...(trustedProxies && { trustProxy: trustedProxies }),
    bodyLimit: bodyBytesMax,
    routerOptions: { maxParamLength: paramLengthMax, ignoreTrailingSlash: true },
    genReqId: (request: Pick<HttpRequest, 'headers'>) => requestIdOf(request.headers['x-request-id']),
    // Requests that reach us while we stop are still answered properly.
    return503OnClosing: false,
    clientErrorHandler: answerUnreadableRequest,
    frameworkErrors: (error: Error, request: HttpRequest, reply: unknown) => {
      const { status, body } = errorAnswerOf(error, request.id);
      (reply as HttpReply).header('x-request-id', request.id).code(status).send(body);
    },
  });
  const fastify = adapter.getInstance();
  closeConnectionsOnStop(adapter);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('cache-control', 'no-store');
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    recordRequest(request, {
      route: request.routeOptions.url ?? 'unmatched',
      status: reply.statusCode,
      ms: reply.elapsedTime,
    });
    done();
  });
  return adapter;
}

/** Fastify that reads bodies as we do, wherever Nest would add its usual parsers. */
class JsonFastifyAdapter extends FastifyAdapter {
  override registerParserMiddleware(): void {
    readJsonBodies(this);
  }
}
