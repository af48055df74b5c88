export { Answers, type AnswerNotes } from './answers.js';
export type { ApiDescription } from './api-description.js';
export { openApiDocument } from './open-api.document.js';
export { rateLimitHeaders, type RouteAccess } from './open-api.conventions.js';
export type { Content, OpenApiDocument, Operation, Parameter, Response } from './open-api.types.js';
export type { Route } from './route.js';
export { SchemaShelf, type JsonSchema } from './schema.shelf.js';
