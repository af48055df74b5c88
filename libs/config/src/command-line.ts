import { relative } from 'node:path';
import { AppError } from '#libs/errors';
import type { z } from 'zod';

/** What somebody may say to an app at its start. */
export interface CommandLine {
  name: string;
  /** One sentence for `--help`. */
  about: string;
  schema: z.ZodObject;
  /** What may stand behind the command besides `--help`, with what it does. */
  flags?: Readonly<Record<string, string>>;
}

const helpFlags = ['--help', '-h'];

/** Whether somebody wants to read the help, whatever else they say. */
export function asksForHelp(given: readonly string[]): boolean {
  return given.some((argument) => helpFlags.includes(argument));
}

/** The flags that are given. Throws `invalid_arguments`, which names the known ones, for anything else. */
export function flagsIn(given: readonly string[], { flags = {} }: CommandLine): ReadonlySet<string> {
  const unknown = given.filter((argument) => !Object.hasOwn(flags, argument));
  if (unknown.length === 0) return new Set(given);
  // What stands behind = may be a secret.
  const named = unknown.map((argument) => argument.replace(/=.*/s, '=…')).join(', ');
  const known = [...Object.keys(flags), helpFlags[0]].join(', ');
  throw new AppError('invalid', 'invalid_arguments', {
    message: `Nothing here is called ${named}; known: ${known}. Settings are environment variables.`,
  });
}

/** What `--help` prints; `script` is the path of what was started. */
export function helpText({ name, about, schema, flags = {} }: CommandLine, script: string): string {
  const arguments_ = { ...flags, '--help': 'prints this' };
  const variables = Object.entries(schema.shape).map(
    ([variable, field]) => [variable, (field as z.ZodType).description ?? ''] as const,
  );
  return [
    `${name}: ${about}`,
    '',
    `Usage: node ${relative(process.cwd(), script)} ${Object.keys(arguments_)
      .map((flag) => `[${flag}]`)
      .join(' ')}`,
    '',
    ...columns(Object.entries(arguments_)),
    '',
    'Environment variables (each also as <NAME>_FILE, the path of a file with the value):',
    ...columns(variables),
    '',
  ].join('\n');
}

function columns(rows: readonly (readonly [name: string, text: string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, text]) => `  ${name.padEnd(width)}${text}`);
}
