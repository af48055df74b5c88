import fc from 'fast-check';
import type { OpenApiDocument, Operation, Parameter } from '#libs/openapi';
import { arbitraryOf, nastyText, type KnownFields } from '../support/schema-arbitrary.js';

/** A request to be sent; `pick` chooses among what is there when it is sent. */
export interface Draft {
  who: 'tenant' | 'admin' | 'other' | 'stranger' | 'nobody';
  /** For each parameter of the path in turn; `text` instead of what is there, as it stands in the address. */
  inPath: { pick: number; text: string | null }[];
  query: Record<string, unknown>;
  headers: Record<string, string>;
  body: unknown;
  /** Sent as it is, instead of `body`. */
  raw: string | null;
}

/** Every operation of a document, as `it.each` likes it. */
export function operationsOf({ paths }: OpenApiDocument): { method: string; path: string; operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** Requests to an operation: mostly what the document asks for, sometimes nearly, sometimes garbage. */
export function draftOf(document: OpenApiDocument, operation: Operation, known: KnownFields): fc.Arbitrary<Draft> {
  const { schemas } = document.components;
  const parameters = operation.parameters.map((one) => ('$ref' in one ? named(document, one.$ref) : one));
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const inHeader = parameters.filter((parameter) => parameter.in === 'header');
  const schema = operation.requestBody?.content['application/json']?.schema;
  const sound = schema ? arbitraryOf(schema, schemas, known) : fc.constant(undefined);
  const query = inQuery.map(({ name, schema: one }) => [name, mostly(arbitraryOf(one, schemas, known), nastyText)]);
  return fc.record({
    who: fc.oneof(
      { weight: 12, arbitrary: fc.constant(usual(operation)) },
      { weight: 1, arbitrary: fc.constantFrom('tenant', 'admin', 'other', 'stranger', 'nobody') },
    ),
    inPath: fc.array(inPath, { minLength: 3, maxLength: 3 }),
    query: fc.record(Object.fromEntries(query) as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [] }),
    headers: sometimes(Object.fromEntries(inHeader.map(({ name }) => [name, headerValues[name] ?? printable]))),
    body: fc.oneof({ weight: 9, arbitrary: sound }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) }),
    raw: fc.oneof(
      { weight: 15, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom(...brokenJson) },
    ),
  });
}

function mostly<T>(often: fc.Arbitrary<T>, rare: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: often }, { weight: 1, arbitrary: rare });
}

/** Each of the values in one of twelve records. */
function sometimes(values: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<Record<string, string>> {
  const absent = { weight: 11, arbitrary: fc.constant(null) };
  const all = fc.record(
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, fc.oneof(absent, { weight: 1, arbitrary: value })]),
    ),
  );
  return all.map((record) =>
    Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => entry[1] !== null)),
  );
}

const brokenJson = ['{', '', '[1,', '"', '{"a":1,"a":2}', '\u0000', 'nul', '{"__proto__":{"a":1}}'];

const printable = fc.string({ unit: 'grapheme-ascii', maxLength: 30 });

/** Values that may fit. */
const headerValues: Record<string, fc.Arbitrary<string>> = {
  'If-Match': fc.oneof(fc.constantFrom('"1"', '1', '"0"', '"999"', '*', 'W/"1"'), printable),
  'Idempotency-Key': fc.oneof(fc.constantFrom('a', 'b'), fc.uuid(), printable),
  'X-Latchkey-Organization': fc.oneof(fc.uuid(), printable),
};

const inPath = fc.record({
  pick: fc.nat(),
  text: fc.oneof(
    { weight: 16, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: nastyText.map((text) => encodeURIComponent(wellFormed(text))) },
    { weight: 1, arbitrary: fc.constantFrom('%00', '%', '%zz', '%ff', '%2e%2e', '%2F', 'a%20b', 'x'.repeat(500)) },
  ),
});

/** Without half characters, which an address cannot have. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function usual({ security }: Operation): Draft['who'] {
  const schemes = security.flatMap((one) => Object.keys(one));
  if (schemes.length === 0) return 'nobody';
  return schemes.includes('organizationToken') ? 'tenant' : 'admin';
}

function named({ components }: OpenApiDocument, reference: string): Parameter {
  return components.parameters[reference.split('/').at(-1)!] as Parameter;
}
