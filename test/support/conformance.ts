import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Response } from '#libs/openapi';
import { httpDocument } from '../../scripts/docs/api-documents.js';

/** What was asked and what came back; `path` may have a query. */
export interface Exchange {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  text: string;
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

function problemOf({ method, path: address, status, headers, text }: Exchange): string | undefined {
  const path = pathOf(address);
  const operation = path === undefined ? undefined : document.paths[path]?.[method.toLowerCase()];
  if (path === undefined || !operation) return [400, 404].includes(status) ? undefined : 'there is no such route';
  if (!operation.responses[status]) return 'the route does not have this status';
  const pointer = `/paths/${escaped(path)}/${method.toLowerCase()}/responses/${status}`;
  const response = resolved(pointer, operation.responses[status]);
  return problemOfHeaders(response.value, headers) ?? problemOfBody(response.pointer, response.value, headers, text);
}

/** The path of the document that an address is for; its letters may be written as `%61`. */
function pathOf(address: string): string | undefined {
  const pathname = address.split('?')[0]!;
  const isReadable = !/%(?![2-7][0-9a-f])/i.test(pathname);
  const read = isReadable ? decodeURI(pathname) : pathname;
  return patterns.find(({ pattern }) => pattern.test(read))?.path;
}

function problemOfHeaders({ headers: told }: Response, headers: Headers): string | undefined {
  const ours = Object.keys(document.components.headers).filter((name) => headers.has(name));
  const untold = ours.filter((name) => !(name in told));
  if (untold.length > 0) return `the route does not tell of the header ${untold.join(', ')}`;
  return headers.has('x-request-id') ? undefined : 'the header X-Request-Id is missing';
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
