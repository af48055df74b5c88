import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** A schema as it stands in a document: JSON Schema 2020-12. */
export interface JsonSchema {
  [keyword: string]: unknown;
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  description?: string;
}

/** Turns Zod schemas into JSON Schema and keeps those that have a name once, for a document to refer to. */
export class SchemaShelf {
  readonly named: Record<string, JsonSchema> = {};

  /** `place` is where the document keeps named schemas, such as `#/components/schemas/`. */
  constructor(private readonly place: string) {}

  /** What a client may send. */
  ofInput(schema: z.ZodType): JsonSchema {
    return this.keep(schema, 'input');
  }

  /** What we answer. Objects stay open in the document: a field may be added to an answer at any time. */
  ofOutput(schema: z.ZodType): JsonSchema {
    return this.keep(schema, 'output');
  }

  /** A schema of this shelf with its reference followed. */
  resolve(schema: JsonSchema): JsonSchema {
    return schema.$ref ? this.named[schema.$ref.slice(this.place.length)]! : schema;
  }

  private keep(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const { $schema: _, $defs, ...root } = z.toJSONSchema(schema, { io, override: plain }) as JsonSchema;
    const definitions = ($defs ?? {}) as Record<string, JsonSchema>;
    const names = new Map(Object.keys(definitions).map((name) => [name, this.nameFor(name, definitions[name]!, io)]));
    const renamed = (inner: JsonSchema): JsonSchema =>
      withReferences(inner, (reference) => this.place + names.get(reference.slice('#/$defs/'.length))!);
    for (const [name, kept] of names) this.named[kept] = renamed(definitions[name]!);
    return renamed(root);
  }

  /** A name may mean one thing when it is sent and another when it is answered. */
  private nameFor(name: string, definition: JsonSchema, io: 'input' | 'output'): string {
    const kept = this.named[name];
    const asKept = withReferences(definition, (reference) => this.place + reference.slice('#/$defs/'.length));
    if (!kept || isDeepStrictEqual(kept, asKept)) return name;
    return io === 'input' ? `${name}Input` : `${name}Answer`;
  }
}

/** Takes away what Zod writes for machines and what a reader does not need beside `format`. */
function plain({
  zodSchema,
  jsonSchema: schema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  if (schema.format === 'uuid' || schema.format === 'date-time') delete schema.pattern;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (isDeepStrictEqual(schema.propertyNames, { type: 'string' })) delete schema.propertyNames;
  if (zodSchema._zod.def.type === 'object' && !zodSchema._zod.def.catchall) delete schema.additionalProperties;
}

/** A copy in which every `$ref` is another. */
function withReferences<T>(value: T, rename: (reference: string) => string): T {
  if (Array.isArray(value)) return value.map((inner: unknown) => withReferences(inner, rename)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' ? rename(inner) : withReferences(inner as unknown, rename),
    ]),
  ) as T;
}
