import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { AppError } from '#libs/errors';
import type { z } from 'zod';

/**
 * Checks every parameter that names a Zod schema (`@Body({ schema })`) and hands on what the schema makes of it.
 * Throws `invalid`: `missing_field` when a field is absent, `invalid_request` otherwise, naming every field at fault.
 */
@Injectable()
export class SchemaValidationPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const schema = metadata.schema as z.ZodType | undefined;
    if (!schema) return value;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw refusal(parsed.error.issues.flatMap((issue) => problemsOf(issue, value)));
  }
}

interface Problem {
  field: string;
  text: string;
  missing: boolean;
}

function problemsOf(issue: z.core.$ZodIssue, value: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: key.slice(0, 64), text: 'is not a known field', missing: false }));
  }
  if (issue.path.length === 0) {
    const text = issue.code === 'custom' ? `The body ${issue.message}.` : 'The body must be a JSON object.';
    return [{ field: '', text, missing: false }];
  }
  const missing = valueAt(value, issue.path) === undefined;
  return [{ field: issue.path.join('.'), text: missing ? 'is required' : issue.message, missing }];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Record<PropertyKey, unknown> | undefined)?.[name], value);
}

function refusal(problems: Problem[]): AppError {
  const first = problems.find((problem) => problem.missing) ?? problems[0]!;
  if (first.field === '') return new AppError('invalid', 'invalid_request', { message: first.text });
  return new AppError('invalid', first.missing ? 'missing_field' : 'invalid_request', {
    message: `${first.field} ${first.text}.`,
    param: first.field,
    ...(problems.length > 1 && { details: problems.map((problem) => `${problem.field} ${problem.text}`) }),
  });
}
