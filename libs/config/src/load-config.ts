import { readFileSync } from 'node:fs';
import { AppError } from '#libs/errors';
import type { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads an app's configuration from environment variables. A variable `X` may instead be given as `X_FILE`, the
 * path of a file with its value. Throws one AppError that lists every problem by the variable's name, never by value.
 */
export function loadConfig<T extends z.ZodObject>(schema: T, environment: Environment = process.env): z.infer<T> {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = environment[name] ?? readSecretFile(name, environment, problems);
    if (value !== undefined && value !== '') values[name] = value;
  }
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  if (!parsed.success || problems.length > 0) {
    throw new AppError('invalid', 'invalid_configuration', {
      message: `The configuration has ${problems.length} problem(s):\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      details: problems,
    });
  }
  return parsed.data;
}

function readSecretFile(name: string, environment: Environment, problems: string[]): string | undefined {
  const path = environment[`${name}_FILE`];
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    problems.push(`${name}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
    return undefined;
  }
}
