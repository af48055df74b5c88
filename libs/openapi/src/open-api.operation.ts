import type { z } from 'zod';
import type { DeclaredAnswer } from './answers.js';
import type { ApiDescription } from './api-description.js';
import { answerHeadersOf, headerReferences, requestHeadersOf, type RouteAccess } from './open-api.conventions.js';
import type { RefusalWriter } from './open-api.refusals.js';
import type { Operation, Parameter, Response } from './open-api.types.js';
import type { Route } from './route.js';
import { sampleOf } from './sample.js';
import type { JsonSchema, SchemaShelf } from './schema.shelf.js';

/** Writes the operations of a document; schemas with a name go to the shelf. */
export class OperationWriter {
  constructor(
    private readonly api: ApiDescription,
    private readonly shelf: SchemaShelf,
    private readonly refusals: RefusalWriter,
  ) {}

  /** Throws for a route in no chapter, with a parameter that is not described, or a refusal that is not. */
  operationOf(route: Route): Operation {
    const main = route.answers[0]!;
    const access = main.token ? { schemes: [main.token], scopes: [], isForCallers: false } : this.api.accessOf(route);
    const chapter = this.api.chapters.find(({ paths }) => paths.some((start) => route.path.startsWith(start)));
    if (!chapter) throw new Error(`${route.path} is in no chapter`);
    const description = [main.description, scopesIn(access)].filter(Boolean).join('\n\n');
    return {
      operationId: operationIdOf(route),
      tags: [chapter.name],
      summary: main.summary!,
      ...(description && { description }),
      security: securityOf(access),
      parameters: this.parametersOf(route, access),
      ...(route.bodySchema && { requestBody: this.requestBodyOf(route.bodySchema) }),
      responses: {
        ...this.refusals.refusalsOf(route, access),
        ...Object.fromEntries(route.answers.map((answer) => [answer.status, this.answerOf(answer, route, access)])),
      },
    };
  }

  private parametersOf(route: Route, access: RouteAccess | undefined): Operation['parameters'] {
    const inPath = route.pathParameters.map((name): Parameter => {
      const known = this.api.pathParameters[name];
      if (!known) throw new Error(`${route.path}: the parameter ${name} is not described`);
      return { name, in: 'path', required: true, ...known, schema: { type: 'string' } };
    });
    const query = route.querySchema ? this.shelf.resolve(this.shelf.ofInput(route.querySchema)) : {};
    const inQuery = Object.entries(query.properties ?? {}).map(([name, schema]) =>
      queryParameter(name, schema, query.required?.includes(name)),
    );
    const single = Object.entries(route.queryParameters).map(([name, schema]) =>
      queryParameter(name, schema ? this.shelf.ofInput(schema) : { type: 'string' }),
    );
    const inHeader = requestHeadersOf(route, access).map((name) => ({ $ref: `#/components/parameters/${name}` }));
    return [...inPath, ...inQuery, ...single, ...inHeader];
  }

  private requestBodyOf(bodySchema: z.ZodType): NonNullable<Operation['requestBody']> {
    const schema = this.shelf.ofInput(bodySchema);
    const required = !bodySchema.safeParse(undefined).success;
    return { required, content: { 'application/json': { schema, example: sampleOf(schema, this.shelf) } } };
  }

  private answerOf(answer: DeclaredAnswer, route: Route, access: RouteAccess | undefined): Response {
    const { status, summary, description, mediaType = 'application/json' } = answer;
    const schema = this.shelf.ofOutput(answer.schema);
    const isTagged = answer.ifMatch || this.shelf.resolve(schema).properties?.['epoch'] !== undefined;
    return {
      description: summary ?? description ?? `Status ${status}`,
      headers: headerReferences([...answerHeadersOf(route, access), ...(isTagged ? ['ETag' as const] : [])]),
      content: { [mediaType]: { schema, example: sampleOf(schema, this.shelf) } },
    };
  }
}

/** `get /api/v1/byok/keys/{provider}/versions` is `getByokKeysProviderVersions`. */
function operationIdOf({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word && word !== 'api' && word !== 'v1');
  return method + (words.length ? words : ['root']).map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

/** Each entry suffices. Only the tokens of organizations have scopes. */
function securityOf(access: RouteAccess | undefined): Operation['security'] {
  return (access?.schemes ?? []).flatMap((scheme) =>
    scheme === access?.scopedScheme ? access.scopes.map((scope) => ({ [scheme]: [scope] })) : [{ [scheme]: [] }],
  );
}

function scopesIn(access: RouteAccess | undefined): string | undefined {
  if (!access?.scopes.length) return undefined;
  return `Scope of an organization's token: ${access.scopes.map((scope) => `\`${scope}\``).join(' or ')}.`;
}

function queryParameter(name: string, { description, ...schema }: JsonSchema, required = false): Parameter {
  return { name, in: 'query', required, ...(description && { description }), schema };
}
