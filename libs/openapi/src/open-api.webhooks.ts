import type { WebhookDescription } from './api-description.js';
import type { OpenApiDocument, Parameter } from './open-api.types.js';
import { sampleOf } from './sample.js';
import type { SchemaShelf } from './schema.shelf.js';

/** What a deployment sends by itself, by event, as the section `webhooks` of OpenAPI 3.1 has it. */
export function webhooksOf(
  { events, tag, headers, taken }: WebhookDescription,
  shelf: SchemaShelf,
): OpenApiDocument['webhooks'] {
  const parameters = Object.entries(headers).map(([name, { description, example, required = true }]): Parameter => ({
    name,
    in: 'header',
    required,
    description,
    example,
    schema: { type: 'string' },
  }));
  const entries = Object.entries(events).map(([event, { summary, payload }]) => {
    const schema = shelf.ofOutput(payload);
    const content = { 'application/json': { schema, example: sampleOf(schema, shelf) } };
    const responses = { '2XX': { description: taken } };
    const operationId = `on${event.replaceAll(/(?:^|\.)(\w)/g, (_, first: string) => first.toUpperCase())}`;
    const requestBody = { required: true, content };
    return [event, { post: { operationId, tags: [tag], summary, security: [], parameters, requestBody, responses } }];
  });
  return Object.fromEntries(entries) as OpenApiDocument['webhooks'];
}
