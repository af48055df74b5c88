import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  configApiConfigSchema,
  fakeProviderConfigSchema,
  resolverConfigSchema,
  standaloneConfigSchema,
} from '#libs/config';
import type { z } from 'zod';

const root = resolve(import.meta.dirname, '../..');
const notOurs = new Set(['node_modules', 'dist', 'coverage']);
const files = filesBelow('');
const documents = files.filter((path) => path.endsWith('.md')).map((path) => ({ path, text: read(path) }));
/** A changelog tells of the past, too. */
const presentDocuments = documents.filter(({ path }) => path !== 'CHANGELOG.md');

const schemas: Record<string, z.ZodObject> = {
  C: configApiConfigSchema,
  R: resolverConfigSchema,
  S: standaloneConfigSchema,
};
const configured = new Set(Object.values(schemas).flatMap((schema) => Object.keys(schema.shape)));

describe('the documents', () => {
  it.each([
    ['README.md', 150],
    ['docs/ARCHITECTURE.md', 200],
    ...files.filter((path) => path.startsWith('docs/adr/')).map((path) => [path, 60] as const),
  ])('%s has at most %i lines', (path, linesMax) => {
    expect(read(path).trimEnd().split('\n').length).toBeLessThanOrEqual(linesMax);
  });

  it('are at most 120 columns wide, outside tables and blocks of code', () => {
    const wide = documents.map(({ path, text }) => ({ path, names: proseLines(text).filter(isWide) }));
    expect(strangers(wide, () => false)).toEqual([]);
  });

  it('number the ADRs without a gap or a repetition, and each names its number', () => {
    const adrs = files.filter((path) => path.startsWith('docs/adr/')).sort();
    const numbers = adrs.map((path) => posix.basename(path).slice(0, 4));
    expect(numbers).toEqual(adrs.map((_, index) => String(index + 1).padStart(4, '0')));
    for (const path of adrs) expect(read(path)).toMatch(`# ${posix.basename(path).slice(0, 4)}: `);
  });

  it('name only files that exist', () => {
    const named = presentDocuments.map(({ path, text }) => ({ path, names: codeWords(text).filter(looksLikePath) }));
    expect(strangers(named, namesAFile)).toEqual([]);
  });

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(strangers(namesIn(/\bnpm run ([\w:-]+)/g), (name) => name in scripts)).toEqual([]);
  });

  it('name only variables that something reads', () => {
    expect(strangers(namesIn(/\b(LATCHKEY_[A-Z_]*[A-Z])/g), isVariable)).toEqual([]);
  });

  it('link only to what is there', () => {
    const isThere = (target: string, from: string): boolean =>
      /^https?:/.test(target) || existsSync(join(root, dirname(from), target.split('#')[0]!));
    expect(strangers(namesIn(/\]\(([^)\s]+)\)/g), isThere)).toEqual([]);
  });
});

describe('docs/configuration.md', () => {
  const rows = new Map(
    [
      ...read('docs/configuration.md').matchAll(/^\| `(\w+)` \|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|.*\|$/gm),
    ].map(([, variable, C, R, S, byDefault]) => [
      variable!,
      { C, R, S, byDefault: byDefault! } as Record<string, string>,
    ]),
  );

  it('has a row for every variable and no other', () => {
    expect([...rows.keys()].sort()).toEqual([...configured].sort());
  });

  it.each(Object.keys(schemas))('says truly what app %s takes, what it requires and what the default is', (app) => {
    for (const [variable, row] of rows) {
      const field = schemas[app]!.shape[variable] as z.ZodType | undefined;
      const absent = field?.safeParse(undefined);
      expect([variable, row[app]!.trim()]).toEqual([variable, field ? (absent!.success ? '●' : '◉') : '']);
      const byDefault = absent?.success ? (absent.data as string | number | undefined) : undefined;
      if (byDefault !== undefined && byDefault !== '') expect(row.byDefault).toContain(`\`${String(byDefault)}\``);
    }
  });
});

interface Naming {
  path: string;
  names: string[];
}

/** What each document names, by the first group of a pattern. */
function namesIn(pattern: RegExp): Naming[] {
  return documents.map(({ path, text }) => ({ path, names: [...text.matchAll(pattern)].map(([, name]) => name!) }));
}

/** `<document>: <name>` for each name that is unknown. */
function strangers(namings: readonly Naming[], isKnown: (name: string, from: string) => boolean): string[] {
  return namings.flatMap(({ path, names }) =>
    names.filter((name) => !isKnown(name, path)).map((name) => `${path}: ${name}`),
  );
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Paths from the top of the repository, without what is installed, built or started. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) {
      return notOurs.has(entry.name) || (entry.name.startsWith('.') && entry.name !== '.ci') ? [] : filesBelow(path);
    }
    return [path];
  });
}

/** What stands in backquotes, word by word; blocks of code are not prose. */
function codeWords(text: string): string[] {
  return [...proseOf(text).matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/[\s,]+/));
}

function proseOf(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
}

function proseLines(text: string): string[] {
  return proseOf(text)
    .split('\n')
    .filter((line) => !/^ *\|/.test(line));
}

function isWide(line: string): boolean {
  return [...line].length > 120;
}

/** A file by its ending, or something below one of our folders. Patterns such as `<file>.spec.ts` are neither. */
function looksLikePath(word: string): boolean {
  if (!/^[\w./-]+$/.test(word)) return false;
  const isFile = /^[\w-][\w./-]*\.(ts|mjs|json|md|proto|yml)$/.test(word);
  return isFile || /^(apps|libs|docs|test|scripts|bench|\.ci)\//.test(word);
}

/** Named in full, or by the end of a path. */
function namesAFile(word: string): boolean {
  return existsSync(join(root, word)) || files.some((path) => path.endsWith(`/${word}`));
}

/** A setting of an app (or the file that holds it), or a variable of our tools. */
function isVariable(name: string): boolean {
  if (name in fakeProviderConfigSchema.shape) return true;
  if (configured.has(name) || configured.has(name.replace(/_FILE$/, ''))) return true;
  const readers = files.filter((path) => /^(scripts|bench)\/.*\.(ts|mjs)$|^docker-compose\.yml$/.test(path));
  return readers.some((path) => read(path).includes(name) || isStackPort(name, path));
}

/** `scripts/stack.ts` makes these names from the names of the servers. */
function isStackPort(name: string, path: string): boolean {
  return path === 'scripts/stack.ts' && /^LATCHKEY_STACK_(POSTGRES|REDIS|KAFKA)_PORT$/.test(name);
}
