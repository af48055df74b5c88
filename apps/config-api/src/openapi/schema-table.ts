import type { JsonSchema } from '#libs/openapi';
import { codeIn, html, type Html } from './html.js';

type Schemas = Record<string, JsonSchema>;

interface Field {
  name: string;
  schema: JsonSchema;
  required: boolean;
}

const depthMax = 6;

/** Every field of a schema, inner ones after their outer, as rows of one table. */
export function fieldsTable(schema: JsonSchema, schemas: Schemas): Html {
  const rows = rowsOf('', schema, schemas, 0);
  return rows.length === 0
    ? html``
    : html`<table>
        ${rows}
      </table>`;
}

function rowsOf(prefix: string, schema: JsonSchema, schemas: Schemas, depth: number): Html[] {
  return fieldsOf(schema, schemas).flatMap(({ name, schema: field, required }) => {
    const path = prefix + name;
    const inner = depth < depthMax ? rowsOf(`${path}.`, field, schemas, depth + 1) : [];
    return [row(path, field, required, schemas), ...inner];
  });
}

function row(path: string, schema: JsonSchema, required: boolean, schemas: Schemas): Html {
  const target = follow(schema, schemas);
  return html`<tr>
    <td><code>${path}</code></td>
    <td>${typeOf(schema, schemas)}${required ? '' : ', optional'}</td>
    <td>${codeIn(schema.description ?? target.description ?? '')} ${limitsOf(target)}</td>
  </tr>`;
}

/** The fields of an object, of what is in a list, or of each choice. */
function fieldsOf(schema: JsonSchema, schemas: Schemas): Field[] {
  const target = follow(schema, schemas);
  const choices = choicesOf(target);
  if (choices.length > 0) {
    const fields = choices.flatMap((choice) => fieldsOf(choice, schemas));
    return fields.filter(({ name }, index) => fields.findIndex((other) => other.name === name) === index);
  }
  if (target.items) return fieldsOf(target.items, schemas);
  return Object.entries(target.properties ?? {}).map(([name, field]) => ({
    name,
    schema: field,
    required: target.required?.includes(name) ?? false,
  }));
}

function typeOf(schema: JsonSchema, schemas: Schemas): string {
  const target = follow(schema, schemas);
  const choices = choicesOf(target);
  if (choices.length > 0) return [...new Set(choices.map((choice) => typeOf(choice, schemas)))].join(' or ');
  if (target.items) return `list of ${typeOf(target.items, schemas)}`;
  return (target['format'] as string | undefined) ?? [target.type ?? 'any'].flat().join(' or ');
}

function limitsOf(schema: JsonSchema): Html[] {
  const allowed = (schema['enum'] ?? choicesOf(schema).flatMap((choice) => choice['enum'] ?? [])) as unknown[];
  const words = Object.entries({ min: 'minimum', max: 'maximum', 'at most': 'maxLength', default: 'default' });
  const limits = words.filter(([, keyword]) => schema[keyword] !== undefined);
  return [
    ...allowed.map((value) => html`<code>${String(value)}</code> `),
    ...limits.map(([word, keyword]) => html`<em>${word} ${String(schema[keyword])}</em> `),
  ];
}

function choicesOf(schema: JsonSchema): JsonSchema[] {
  return (schema['anyOf'] ?? schema['oneOf'] ?? []) as JsonSchema[];
}

function follow(schema: JsonSchema, schemas: Schemas): JsonSchema {
  const name = schema.$ref?.split('/').at(-1);
  return (name !== undefined && schemas[name]) || schema;
}
