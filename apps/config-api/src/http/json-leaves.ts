import { toldName } from './told-name.js';

/** What is wrong in a JSON value, and where; `path` counts from the value itself, with long names cut. */
export interface JsonLeafProblem {
  path: PropertyKey[];
  message: string;
}

/**
 * Says what is wrong with a text, a number, … or a field's name, as the end of a sentence. `name` is that of the field
 * which holds the leaf, be it in a list.
 */
export type LeafCheck = (leaf: unknown, name: string | undefined) => string | undefined;

const depthMax = 32;

/** The first leaf or field name in `value` with which `check` finds something wrong, or what is nested too deeply. */
export function findLeafProblem(
  value: unknown,
  check: LeafCheck,
  path: readonly string[] = [],
  name: string | undefined = path.at(-1),
): JsonLeafProblem | undefined {
  if (path.length > depthMax) return problemAt(path.slice(0, 1), `is nested more than ${depthMax} levels deep`);
  if (typeof value !== 'object' || value === null) return problemAt(path, check(value, name));
  for (const [field, inner] of Object.entries(value)) {
    const problem =
      problemAt(path, check(field, undefined)) ??
      findLeafProblem(inner, check, [...path, field], Array.isArray(value) ? name : field);
    if (problem) return problem;
  }
  return undefined;
}

/** What PostgreSQL's jsonb and JSON itself cannot keep as it came. */
export const storableLeaf: LeafCheck = (leaf) => {
  if (typeof leaf === 'number' && !Number.isFinite(leaf)) return 'has a number that is too large';
  const isBroken = typeof leaf === 'string' && /\0|\p{Surrogate}/u.test(leaf);
  return isBroken ? 'has a NUL or half a character in it' : undefined;
};

function problemAt(path: readonly string[], message: string | undefined): JsonLeafProblem | undefined {
  return message === undefined ? undefined : { path: path.map(toldName), message };
}
