import fc from 'fast-check';
import type { JsonSchema } from '#libs/openapi';

/** What stands in for fields whose values must be made by the test, by their names. */
export type KnownFields = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** Text that breaks things: nothing, controls, half characters, other scripts, patterns of other languages. */
export const nastyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', ' ', '\u0000', 'a\u0000b', '\ud800', '\udfff', '__proto__', "';--", '%00', '../..', '🗝️', 'null'),
  fc.string({ minLength: 300, maxLength: 600 }),
);

const nastyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  nastyText,
  fc.constantFrom(null, true, 0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, [], {}, [[]], { __proto__: null, a: 1 }),
);

/** Values that a schema mostly allows: some have a field of their own, lack one, or have garbage somewhere. */
export function arbitraryOf(
  schema: JsonSchema,
  schemas: Record<string, JsonSchema>,
  known: KnownFields,
): fc.Arbitrary<unknown> {
  const inner = (part: JsonSchema): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 20, arbitrary: arbitraryOf(part, schemas, known) }, { weight: 1, arbitrary: nastyJson });
  if (schema.$ref) return arbitraryOf(schemas[schema.$ref.split('/').at(-1)!]!, schemas, known);
  const { const: only, enum: allowed, anyOf, oneOf } = schema as Record<string, unknown>;
  if (only !== undefined) return fc.constant(only);
  if (allowed !== undefined) return fc.constantFrom(...(allowed as unknown[]));
  const choices = (anyOf ?? oneOf) as JsonSchema[] | undefined;
  if (choices) return fc.oneof(...choices.map((choice) => arbitraryOf(choice, schemas, known)));
  const types = [schema.type ?? []].flat();
  if (types.length > 1) return fc.oneof(...types.map((type) => arbitraryOf({ ...schema, type }, schemas, known)));
  if (schema.type === 'object') return objectOf(schema, inner, known);
  if (schema.type === 'array') return fc.array(inner(schema.items ?? {}), { maxLength: 3 });
  return scalarOf(schema);
}

function objectOf(
  schema: JsonSchema,
  inner: (part: JsonSchema) => fc.Arbitrary<unknown>,
  known: KnownFields,
): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {});
  const fields = Object.fromEntries(properties.map(([name, part]) => [name, known[name] ?? inner(part)]));
  const proper = fc.record(fields, { requiredKeys: schema.required ?? [] });
  const more = schema['additionalProperties'];
  const free = more !== false && (properties.length === 0 || typeof more === 'object');
  return fc.oneof(
    { weight: 16, arbitrary: proper },
    {
      weight: free ? 4 : 1,
      arbitrary: fc.tuple(proper, fc.dictionary(nastyText, nastyJson, { maxKeys: 3 })).map(merged),
    },
    { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
    { weight: 1, arbitrary: nastyJson },
  );
}

function merged([proper, more]: [Record<string, unknown>, Record<string, unknown>]): unknown {
  return { ...more, ...proper };
}

function scalarOf({
  type,
  format,
  pattern,
  minimum,
  maximum,
  minLength,
  maxLength,
}: JsonSchema): fc.Arbitrary<unknown> {
  const limits = { min: Number(minimum ?? -5), max: Math.min(Number(maximum ?? 1_000), 1_000_000) };
  switch (type) {
    case 'string':
      return formats[String(format)] ?? textOf(pattern, { minLength, maxLength });
    case 'integer':
      return fc.integer(limits);
    case 'number':
      return fc.double({ ...limits, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return nastyJson;
  }
}

function textOf(pattern: unknown, { minLength, maxLength }: Record<string, unknown>): fc.Arbitrary<string> {
  if (typeof pattern === 'string') return fc.oneof(fc.stringMatching(new RegExp(pattern, 'u')), nastyText);
  const longest = Math.min(Number(maxLength ?? 40), 40);
  return fc.oneof(fc.string({ minLength: Math.min(Number(minLength ?? 0), longest), maxLength: longest }), nastyText);
}

const formats: Record<string, fc.Arbitrary<string>> = {
  uuid: fc.uuid(),
  'date-time': fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  // Nothing listens there, and nothing else is asked.
  uri: fc.constantFrom('http://127.0.0.1:9/hook', 'https://127.0.0.1:9', 'ftp://127.0.0.1', 'http://', 'nonsense'),
};
