import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CallerRecognition } from '../auth/caller-recognition.js';
import { IdempotentPosts } from '../idempotency/idempotent-posts.js';
import { HttpErrorFilter } from './http-error.filter.js';
import { RouteMethods } from './route-methods.js';
import { SchemaValidationPipe } from './schema-validation.pipe.js';

/**
 * What every HTTP application of ours has in common: the error body, the validation of bodies, callers known before their
 * bodies are read, and POST requests that can be repeated. To be called before the application listens.
 */
export function configureHttp(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const routes = new RouteMethods();
  fastify.addHook('onRoute', (route) => routes.add(route));
  app.useGlobalFilters(new HttpErrorFilter(routes));
  app.useGlobalPipes(new SchemaValidationPipe());
  const recognition = app.get(CallerRecognition);
  const posts = app.get(IdempotentPosts);
  fastify.addHook('onRequest', (request, reply) => recognition.recognize(request, reply));
  fastify.addHook('preHandler', async (request, reply) => {
    if (await posts.answerRepetition(request, reply)) return reply;
    return undefined;
  });
  fastify.addHook('onSend', async (request, reply, payload) => {
    await posts.keepAnswer(request, reply, payload);
    return payload;
  });
}
