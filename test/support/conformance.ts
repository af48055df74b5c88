import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { rateLimitHeaders, type Response } from '#libs/openapi';
import { httpDocument } from '../../scripts/docs/api-documents.js';

/** What was asked and what came back; `path` may have a query. */
export interface Exchange {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  text: string;
  /** Whether it was asked with an organization's token, where requests are counted. */
  isCounted?: boolean;
}

/** Throws unless the answer is one that the OpenAPI document has for this method, path and status. */
export function assertInDocument(exchange: Exchange): void {
  const problem = problemOf(exchange);
  if (problem) {
    throw new Error(
      `${exchange.method} ${exchange.path} ${exchange.status}: ${problem}\n${exchange.text.slice(0, 2_000)}`,
    );
  }
}

const document = httpDocument();
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(closed({ ...document, openapi: undefined }) as object, 'document');

/** Paths without parameters first: `/assistants/preflight` is not an assistant called preflight. */
const patterns = Object.keys(document.paths)
  .sort((a, b) => a.split('{').length - b.split('{').length)
  .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`) }));

function problemOf(exchange: Exchange): string | undefined {
  const { method, path: address, status, headers, text } = exchange;
  const path = pathOf(address);
  const operation = path === undefined ? undefined : document.paths[path]?.[method.toLowerCase()];
  if (path === undefined || !operation) return [400, 404].includes(status) ? undefined : 'there is no such route';
  if (!operation.responses[status]) return 'the route does not have this status';
  const pointer = `/paths/${escaped(path)}/${method.toLowerCase()}/responses/${status}`;
  const response = resolved(pointer, operation.responses[status]);
  return problemOfHeaders(response.value, exchange) ?? problemOfBody(response.pointer, response.value, headers, text);
}

/** The path of the document that an address is for; its letters may be written as `%61`. */
function pathOf(address: string): string | undefined {
  const pathname = address.split('?')[0]!;
  const isReadable = !/%(?![2-7][0-9a-f])/i.test(pathname);
  const read = isReadable ? decodeURI(pathname) : pathname;
  return patterns.find(({ pattern }) => pattern.test(read))?.path;
}

function problemOfHeaders({ headers: told }: Response, exchange: Exchange): string | undefined {
  const { headers } = exchange;
  const ours = Object.entries(document.components.headers);
  const untold = ours.filter(([name]) => headers.has(name) && !(name in told));
  if (untold.length > 0) return `the route does not tell of the header ${namesOf(untold)}`;
  const counts: readonly string[] = mustTellCounts(exchange) ? rateLimitHeaders : [];
  const missing = ours.filter(
    ([name, { required }]) => name in told && (required || counts.includes(name)) && !headers.has(name),
  );
  return missing.length > 0 ? `the header ${namesOf(missing)} is missing` : undefined;
}

/** What may be refused without knowing whose token it is: bad addresses, guesses, and when something is out of order. */
const perhapsUncounted = [400, 401, 429, 500, 503];

/** All three or none, and all where the token is counted. */
function mustTellCounts({ status, headers, isCounted = false }: Exchange): boolean {
  return (isCounted && !perhapsUncounted.includes(status)) || rateLimitHeaders.some((name) => headers.has(name));
}

function namesOf(entries: readonly [string, unknown][]): string {
  return entries.map(([name]) => name).join(', ');
}

function problemOfBody(pointer: string, response: Response, headers: Headers, text: string): string | undefined {
  const [mediaType] = Object.keys(response.content);
  const given = headers.get('content-type')?.split(';')[0];
  if (given !== mediaType) return `the content type is ${given}, not ${mediaType}`;
  if (mediaType !== 'application/json') return undefined;
  const validate = ajv.getSchema(`document#${pointer}/content/${escaped(mediaType)}/schema`);
  if (!validate) return `no schema at ${pointer}`;
  return validate(JSON.parse(text)) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'answer' });
}

function resolved(pointer: string, response: Response | { $ref: string }): { pointer: string; value: Response } {
  if (!('$ref' in response)) return { pointer, value: response };
  const name = response.$ref.split('/').at(-1)!;
  return { pointer: `/components/responses/${name}`, value: document.components.responses[name]! };
}

/** JSON Pointer (RFC 6901) as a fragment. */
function escaped(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** The document promises that objects may grow; here they may not have a field that it does not tell. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, key === 'allOf' ? child : closed(child)]),
  );
  const isOpen = 'properties' in value && !('additionalProperties' in value) && inner['type'] === 'object';
  return isOpen ? { ...inner, additionalProperties: false } : inner;
}
