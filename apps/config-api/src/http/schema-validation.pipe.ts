import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { plainWords } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { z } from 'zod';
import { knownFieldsOf } from './known-fields.js';
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
    throw refusal(parsed.error.issues, value, schema);
  }
}

/** How many problems a refusal names: the rest is counted, or a small body would make an answer many times its size. */
const problemsMax = 20;

interface Problem {
  field: string;
  text: string;
}

function refusal(issues: readonly z.core.$ZodIssue[], value: unknown, schema: z.ZodType): AppError {
  // What is wrong with the body as a whole is that of its fields.
  const ofFields = firstOfEachField(issues).filter(
    (issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys',
  );
  if (ofFields.length === 0) return new AppError('invalid', 'invalid_request', { message: wholeBodyText(issues[0]!) });
  const isMissing = (issue: z.core.$ZodIssue): boolean =>
    issue.path.length > 0 && valueAt(value, issue.path) === undefined;
  const missing = ofFields.filter(isMissing);
  const others = ofFields.filter((issue) => !isMissing(issue));
  const problems = [
    ...missing.slice(0, problemsMax).map(({ path }) => ({ field: path.join('.'), text: 'is required' })),
    ...others.slice(0, problemsMax).flatMap((issue) => problemsOf(issue, schema)),
  ].slice(0, problemsMax);
  const untold = missing.length + others.reduce((count, issue) => count + countOf(issue), 0) - problems.length;
  const { field } = problems[0]!;
  const details = problems.map((problem) => `${problem.field} ${problem.text}`);
  if (untold > 0) details.push(`and ${untold} more`);
  return new AppError('invalid', missing.length > 0 ? 'missing_field' : 'invalid_request', {
    message: `${details[0]}.`,
    param: field,
    ...(details.length > 1 && { details }),
  });
}

/** Of a text where a list has to be, nobody needs to hear that it is a list too long. */
function firstOfEachField(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const seen = new Set<string>();
  return issues.filter((issue) => {
    const field = JSON.stringify([issue.path, issue.code === 'unrecognized_keys']);
    return !seen.has(field) && seen.add(field);
  });
}

function wholeBodyText(issue: z.core.$ZodIssue): string {
  return issue.code === 'custom' ? `The body ${issue.message}.` : 'The body must be a JSON object.';
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType): Problem[] {
  if (issue.code !== 'unrecognized_keys') return [{ field: issue.path.join('.'), text: issue.message }];
  const known = issue.path.length === 0 ? knownFieldsOf(schema) : [];
  const choice = known.length > 0 ? `; known fields: ${known.join(', ')}` : '';
  return issue.keys.slice(0, problemsMax).map((key, index) => ({
    field: [...issue.path, toldName(key)].join('.'),
    text: `is not a known field${index === 0 ? choice : ''}`,
  }));
}

function countOf(issue: z.core.$ZodIssue): number {
  return issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Record<PropertyKey, unknown> | undefined)?.[name], value);
}
