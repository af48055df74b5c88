import { readFileSync } from 'node:fs';
import { AppError } from '#libs/errors';
import type { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads an app's configuration from environment variables. A variable `X` may instead be given as `X_FILE`, the
 * path of a file with its value; empty counts as absent. Throws one AppError that lists every problem by the variable's name, never by value.
 */
export function loadConfig<T extends z.ZodObject>(schema: T, environment: Environment = process.env): z.infer<T> {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const origin = originOf(name, environment);
    const value = origin?.file === undefined ? environment[name] : readSecretFile(name, origin.file, problems);
    if (value) values[name] = value;
  }
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => problemOf(issue, schema, values)));
  }
  if (!parsed.success || problems.length > 0) {
    throw new AppError('invalid', 'invalid_configuration', {
      message: `The configuration has ${problems.length} problem(s):\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      details: problems,
    });
  }
  return parsed.data;
}

/** A variable that is missing is described as `--help` does it. */
function problemOf(
  { path, message }: z.core.$ZodIssue,
  schema: z.ZodObject,
  values: Readonly<Record<string, string>>,
): string {
  const name = String(path[0]);
  if (name in values || message.startsWith('is required')) return `${name}: ${message}`;
  const { description } = (schema.shape[name] ?? {}) as { description?: string };
  return `${name}: is required${description ? ` (${description.replace(' (required)', '')})` : ''}`;
}

export type ValueOrigin = { variable: string; file?: undefined } | { file: string };

/** Where the value of a variable comes from: itself, or the file that `<NAME>_FILE` names; undefined when not given. */
export function originOf(name: string, environment: Environment = process.env): ValueOrigin | undefined {
  if (environment[name]) return { variable: name };
  const file = environment[`${name}_FILE`];
  return file ? { file } : undefined;
}

function readSecretFile(name: string, path: string, problems: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    problems.push(`${name}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
    return undefined;
  }
}
