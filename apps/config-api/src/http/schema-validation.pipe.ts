import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { plainWords } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { z } from 'zod';
import { toldName } from './told-name.js';

/**
 * Checks every parameter that names a Zod schema (`@Body({ schema })`) and hands on what the schema makes of it.
 * Throws `invalid`: `missing_field` when a field is absent, `invalid_request` otherwise, naming the fields at fault: at most twenty.
 */
@Injectable()
export class SchemaValidationPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const schema = metadata.schema as z.ZodType | undefined;
    if (!schema) return value;
    const parsed = schema.safeParse(value, { error: plainWords });
    if (parsed.success) return parsed.data;
    throw refusal(parsed.error.issues, value);
  }
}

/** How many problems a refusal names: the rest is counted, or a small body would make an answer many times its size. */
const problemsMax = 20;

interface Problem {
  field: string;
  text: string;
}

function refusal(issues: readonly z.core.$ZodIssue[], value: unknown): AppError {
  const isMissing = (issue: z.core.$ZodIssue): boolean =>
    issue.path.length > 0 && valueAt(value, issue.path) === undefined;
  const missing = issues.filter(isMissing);
  const others = issues.filter((issue) => !isMissing(issue));
  const problems = [
    ...missing.slice(0, problemsMax).map(({ path }) => ({ field: path.join('.'), text: 'is required' })),
    ...others.slice(0, problemsMax).flatMap(problemsOf),
  ].slice(0, problemsMax);
  const { field, text } = problems[0]!;
  if (field === '') return new AppError('invalid', 'invalid_request', { message: text });
  const untold = missing.length + others.reduce((count, issue) => count + countOf(issue), 0) - problems.length;
  const details = problems.map((problem) => `${problem.field} ${problem.text}`);
  if (untold > 0) details.push(`and ${untold} more`);
  return new AppError('invalid', missing.length > 0 ? 'missing_field' : 'invalid_request', {
    message: `${field} ${text}.`,
    param: field,
    ...(details.length > 1 && { details }),
  });
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const told = issue.keys.slice(0, problemsMax);
    return told.map((key) => ({ field: toldName(key), text: 'is not a known field' }));
  }
  if (issue.path.length > 0) return [{ field: issue.path.join('.'), text: issue.message }];
  const text = issue.code === 'custom' ? `The body ${issue.message}.` : 'The body must be a JSON object.';
  return [{ field: '', text }];
}

function countOf(issue: z.core.$ZodIssue): number {
  return issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Record<PropertyKey, unknown> | undefined)?.[name], value);
}
