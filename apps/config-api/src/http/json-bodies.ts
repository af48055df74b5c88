import { isNestedTooDeeply, jsonDepthMax } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { FastifyAdapter } from '@nestjs/platform-fastify';

/**
 * Has a server read every body as JSON, and an empty one as none, whatever its content type says: `fetch` calls a text
 * `text/plain`, and `curl -d` calls everything a form. No foreign page gets anything by that: callers are known by a bearer
 * token, which browsers add to no request by themselves, and there are no cookies.
 */
export function readJsonBodies(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  const parseAnyJson = fastify.getDefaultJsonParser('ignore', 'ignore');
  fastify.removeAllContentTypeParsers();
  // Fastify would refuse one that it cannot read.
  fastify.addHook('onRequest', (request, _reply, done) => {
    delete request.headers['content-type'];
    done();
  });
  fastify.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0 || request.is404) return done(null, undefined);
    void parseJson(request, body as string, (error, value) => {
      if (error) void parseAnyJson(request, body as string, (broken) => done(broken ?? forbiddenName));
      else if (isNestedTooDeeply(value)) done(tooDeep);
      else done(null, value);
    });
  });
}

const forbiddenName = new AppError('invalid', 'invalid_request', {
  message: 'No field may be called __proto__, and none in a field constructor may be called prototype.',
});

const tooDeep = new AppError('invalid', 'invalid_request', {
  message: `The body is nested more than ${jsonDepthMax} levels deep.`,
});
