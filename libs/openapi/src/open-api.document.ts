import type { Type } from '@nestjs/common';
import type { ApiDescription } from './api-description.js';
import { answerHeaders, requestHeaders } from './open-api.conventions.js';
import { OperationWriter } from './open-api.operation.js';
import { RefusalWriter } from './open-api.refusals.js';
import type { OpenApiDocument } from './open-api.types.js';
import { routesOf } from './route.js';
import { webhooksOf } from './open-api.webhooks.js';
import { SchemaShelf } from './schema.shelf.js';

/** The OpenAPI 3.1 document of some controllers. Throws for a route that declares no answer: nothing is left out. */
export function openApiDocument(controllers: readonly Type[], api: ApiDescription): OpenApiDocument {
  const routes = routesOf(controllers);
  const silent = routes.filter((route) => !route.answers[0]?.summary).map(({ method, path }) => `${method} ${path}`);
  if (silent.length > 0) throw new Error(`@Answers with a summary is missing: ${silent.join(', ')}`);
  const shelf = new SchemaShelf('#/components/schemas/');
  const refusals = new RefusalWriter(api, shelf);
  const writer = new OperationWriter(api, shelf, refusals);
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = writer.operationOf(route);
  const operations = Object.values(paths).flatMap((item) => Object.values(item));
  const headerParameters = Object.entries(requestHeaders).map(([name, header]) => [
    name,
    { name, in: 'header', ...header },
  ]);
  return {
    openapi: '3.1.1',
    info: api.info,
    servers: [{ url: '/', description: 'This deployment' }],
    tags: api.chapters
      .map(({ name, description }) => ({ name, description }))
      .filter(({ name }) => operations.some(({ tags }) => tags.includes(name))),
    paths,
    webhooks: webhooksOf(api.webhooks, shelf),
    components: {
      securitySchemes: only(api.securitySchemes, (name) =>
        operations.some(({ security }) => security.some((one) => name in one)),
      ),
      headers: answerHeaders,
      parameters: Object.fromEntries(headerParameters),
      responses: refusals.shared(),
      schemas: Object.fromEntries(Object.entries(shelf.named).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function only<T>(all: Record<string, T>, isWanted: (name: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => isWanted(name)));
}
