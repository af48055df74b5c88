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
  /** What each status of a refusal means and the codes it comes with. */
  refusals: Record<number, { name: string; description: string; codes: readonly string[] }>;
  /** The one body of refusals. */
  errorBody: z.ZodType;
}
