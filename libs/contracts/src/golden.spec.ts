import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { eventSchemas, keyChanges, unresolvedReasons } from './index.js';

const goldenFolder = new URL('../golden/', import.meta.url);

interface Golden {
  file: string;
  type: string;
  schema: z.ZodType;
  value: unknown;
}

/** Files are named `<event type>.<case>.json`. They are only ever added, never edited: old events must parse for ever. */
function readGolden(folder: URL): Golden[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files.map((file) => {
    const found = Object.entries<z.ZodType>(eventSchemas).find(([type]) => file.startsWith(`${type}.`));
    if (!found) throw new Error(`${file} belongs to no event type`);
    return { file, type: found[0], schema: found[1], value: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) };
  });
}

const valid = readGolden(goldenFolder);
const invalid = readGolden(new URL('invalid/', goldenFolder));

describe('golden events', () => {
  it.each(valid)('$file parses and nothing in it changes', ({ schema, value }) => {
    const parsed = schema.parse(value);
    expect(parsed).toStrictEqual(value);
    expect(schema.parse(JSON.parse(JSON.stringify(parsed)))).toStrictEqual(value);
  });

  it.each(valid)('$file still parses when a newer writer adds a field', ({ schema, value }) => {
    expect(schema.safeParse({ ...(value as object), added_later: { a: 1 } }).success).toBe(true);
  });

  it.each(invalid)('$file is refused', ({ schema, value }) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  it.each(Object.keys(eventSchemas))('of type %s exist, several good and several bad', (type) => {
    expect(valid.filter((golden) => golden.type === type).length).toBeGreaterThanOrEqual(3);
    expect(invalid.filter((golden) => golden.type === type).length).toBeGreaterThanOrEqual(3);
  });

  it('cover every kind of key change and every reason', () => {
    const text = JSON.stringify(valid.map((golden) => golden.value));
    for (const word of [...keyChanges, ...unresolvedReasons]) expect(text).toContain(`"${word}"`);
  });
});
