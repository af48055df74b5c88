import type { z } from 'zod';
import type { RouteAccess } from './open-api.conventions.js';
import type { Route } from './route.js';

/** What a document says that no route knows. */
export interface ApiDescription {
  info: { title: string; version: string; description: string };
  /** Chapters; a route is in the first that has a beginning of its path. */
  chapters: readonly { name: string; description: string; paths: readonly string[] }[];
  securitySchemes: Record<string, Record<string, unknown>>;
  /** Undefined for a route that anybody may use. */
  accessOf: (route: Route) => RouteAccess | undefined;
  /** Of parameters in paths, by name. */
  pathParameters: Record<string, { description: string; example: string }>;
  webhooks: WebhookDescription;
  /** By status. */
  refusals: Record<number, RefusalDescription>;
  /** The one body of refusals. */
  errorBody: z.ZodType;
}

/**
 * What a status of a refusal means and the codes it comes with: those of any route, and special ones of the routes that
 * name them. `example` is a whole body.
 */
export interface RefusalDescription {
  name: string;
  description: string;
  codes: readonly string[];
  special?: readonly string[];
  example: object;
}

/** What a deployment sends by itself. */
export interface WebhookDescription {
  /** By their names. */
  events: Record<string, { summary: string; payload: z.ZodType }>;
  /** The chapter that tells of them. */
  tag: string;
  /** Headers of every request, but for those that are not required. */
  headers: Record<string, { description: string; example: string; required?: boolean }>;
  /** What an answer of success means. */
  taken: string;
}
