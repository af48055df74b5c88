import type { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

/**
 * What is wrong with a value, as the end of a sentence about its field and without the value: for
 * `schema.safeParse(value, { error: plainWords })`. What a schema says itself comes first; undefined for what has no
 * plain words.
 */
export function plainWords(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : kinds[issue.expected];
    case 'too_small':
      return issue.origin === 'string' && issue.minimum === 1
        ? 'must not be empty'
        : sizeWords(issue.origin, `at least ${issue.minimum}`);
    case 'too_big':
      return sizeWords(issue.origin, `at most ${issue.maximum}`);
    case 'invalid_format':
      return formats[issue.format] ?? 'has a form that it must not have';
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return 'has none of the forms that it may have';
    default:
      return undefined;
  }
}

const kinds: Record<string, string> = {
  string: 'must be a string',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be an object',
  record: 'must be an object',
};

const formats: Record<string, string> = {
  uuid: 'must be a UUID',
  datetime: 'must be a time such as 2026-11-24T09:30:00Z',
};

function sizeWords(origin: string, size: string): string {
  if (origin === 'string') return `must have ${size} characters`;
  return origin === 'array' ? `must have ${size} entries` : `must be ${size}`;
}
