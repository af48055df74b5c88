import type { JsonSchema } from './schema.shelf.js';

interface Reference {
  $ref: string;
}

/** What of OpenAPI 3.1 our documents use. */
export interface OpenApiDocument {
  openapi: string;
  info: Record<string, unknown>;
  servers: { url: string; description: string }[];
  tags: { name: string; description: string }[];
  /** Operations by path and method (in small letters). */
  paths: Record<string, Record<string, Operation>>;
  /** What we send, by event. */
  webhooks: Record<
    string,
    { post: Omit<Operation, 'responses'> & { responses: Record<string, { description: string }> } }
  >;
  components: {
    securitySchemes: Record<string, Record<string, unknown>>;
    headers: Record<string, { description: string; required?: boolean }>;
    parameters: Record<string, unknown>;
    responses: Record<string, Response>;
    schemas: Record<string, JsonSchema>;
  };
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  /** Scopes by security scheme; none for a route that anybody may use. */
  security: Record<string, string[]>[];
  parameters: (Parameter | Reference)[];
  requestBody?: { required: boolean; content: Content };
  /** By status. */
  responses: Record<string, Response | Reference>;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  example?: unknown;
  schema: JsonSchema;
}

export interface Response {
  description: string;
  headers: Record<string, Reference>;
  content: Content;
}

/** By media type. */
export type Content = Record<string, { schema: JsonSchema; example: unknown }>;
