import { isUtf8 } from 'node:buffer';
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
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0 || request.is404) return done(null, undefined);
    if (isEncoded(request.headers['content-encoding'])) return done(encoded);
    const text = textOf(body as Buffer);
    if (text === undefined) return done(notUtf8);
    void parseJson(request, text, (error, value) => {
      if (error) void parseAnyJson(request, text, (broken) => done(broken ?? forbiddenName));
      else if (isNestedTooDeeply(value)) done(tooDeep);
      else done(null, value);
    });
  });
}

function isEncoded(encoding: string | undefined): boolean {
  return encoding !== undefined && encoding.trim().toLowerCase() !== 'identity';
}

/** Undefined for what is not UTF-8, which would otherwise be read with other characters in it. */
function textOf(body: Buffer): string | undefined {
  return isUtf8(body) ? body.toString('utf8') : undefined;
}

const encoded = new AppError('invalid', 'invalid_request', {
  message: 'Bodies with a Content-Encoding are not read: send it as it is.',
});

const notUtf8 = new AppError('invalid', 'invalid_request', { message: 'The body must be in UTF-8.' });

const forbiddenName = new AppError('invalid', 'invalid_request', {
  message: 'No field may be called __proto__, and none in a field constructor may be called prototype.',
});

const tooDeep = new AppError('invalid', 'invalid_request', {
  message: `The body is nested more than ${jsonDepthMax} levels deep.`,
});
