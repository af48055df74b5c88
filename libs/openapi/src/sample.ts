import type { JsonSchema, SchemaShelf } from './schema.shelf.js';

/**
 * One value that a schema allows, the same every time: a schema's own first example, else its default, else a value made
 * from its type. What a pattern wants cannot be guessed: a string with one needs an example (`.meta({ examples })`).
 */
export function sampleOf(schema: JsonSchema, shelf: SchemaShelf): unknown {
  const { examples, const: only, enum: allowed, default: byDefault } = schema as Record<string, unknown>;
  const [given] = [...((examples as unknown[] | undefined) ?? []), ...((allowed as unknown[] | undefined) ?? [])];
  if (schema.$ref) return sampleOf(shelf.resolve(schema), shelf);
  if (only !== undefined) return only;
  if (given !== undefined) return (examples as unknown[] | undefined)?.[0] ?? byDefault ?? given;
  if (byDefault !== undefined) return byDefault;
  const [choice] = ((schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined) ?? [];
  return choice ? sampleOf(choice, shelf) : sampleOfType(schema, shelf);
}

function sampleOfType(schema: JsonSchema, shelf: SchemaShelf): unknown {
  switch ([schema.type].flat()[0]) {
    case 'object':
      return sampleObject(schema, shelf);
    case 'array':
      return schema.items ? [sampleOf(schema.items, shelf)] : [];
    case 'string':
      return formats[String(schema['format'])] ?? 'text';
    case 'integer':
    case 'number':
      return Math.max(1, Number(schema['minimum'] ?? 1));
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return {};
  }
}

function sampleObject(schema: JsonSchema, shelf: SchemaShelf): Record<string, unknown> {
  const named = Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, sampleOf(inner, shelf)] as const);
  return Object.fromEntries(named);
}

const formats: Record<string, string> = {
  uuid: '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a',
  'date-time': '2026-11-24T09:30:00.000Z',
  uri: 'https://example.com/hook',
};
