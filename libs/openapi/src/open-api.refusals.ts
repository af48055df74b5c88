import type { ApiDescription } from './api-description.js';
import { errorStatusesOf, headerReferences, refusalHeadersOf, type RouteAccess } from './open-api.conventions.js';
import type { Response } from './open-api.types.js';
import type { Route } from './route.js';
import type { SchemaShelf } from './schema.shelf.js';

/** Writes the refusals of a document: once for every status, and anew for a route that names special codes. */
export class RefusalWriter {
  constructor(
    private readonly api: ApiDescription,
    private readonly shelf: SchemaShelf,
  ) {}

  /** The refusals that a route may give, by status. Throws for a status or a code that is not described. */
  refusalsOf(route: Route, access: RouteAccess | undefined): Record<number, Response | { $ref: string }> {
    const named = codesNamedBy(route);
    const statuses = [...errorStatusesOf(route, access), ...named.map((code) => this.statusOf(code, route))];
    const ascending = [...new Set(statuses)].sort((a, b) => a - b);
    return Object.fromEntries(ascending.map((status) => [status, this.refusalOf(status, named)]));
  }

  /** What routes that name no codes refer to, by name. */
  shared(): Record<string, Response> {
    const common = Object.entries(this.api.refusals).filter(([, { codes }]) => codes.length > 0);
    return Object.fromEntries(common.map(([status, { name, codes }]) => [name, this.response(Number(status), codes)]));
  }

  private refusalOf(status: number, named: readonly string[]): Response | { $ref: string } {
    const refusal = this.api.refusals[status];
    if (!refusal) throw new Error(`no refusal is described for status ${status}`);
    const own = named.filter((code) => refusal.special?.includes(code));
    if (own.length === 0) return { $ref: `#/components/responses/${refusal.name}` };
    return this.response(status, [...own, ...refusal.codes]);
  }

  private response(status: number, codes: readonly string[]): Response {
    const { description, example } = this.api.refusals[status]!;
    const errorBody = this.shelf.ofOutput(this.api.errorBody);
    const schema = { allOf: [errorBody, { type: 'object', properties: { code: { type: 'string', enum: codes } } }] };
    const content = { 'application/json': { schema, example: { ...example, code: codes[0] } } };
    return { description, headers: headerReferences(refusalHeadersOf(status)), content };
  }

  private statusOf(code: string, { path }: Route): number {
    const found = Object.entries(this.api.refusals).find(([, { special = [] }]) => special.includes(code));
    if (!found) throw new Error(`${path} names the code ${code}, which is not described as special`);
    return Number(found[0]);
  }
}

function codesNamedBy(route: Route): string[] {
  return route.answers.flatMap(({ errors = [] }) => errors.filter((error) => typeof error === 'string'));
}
