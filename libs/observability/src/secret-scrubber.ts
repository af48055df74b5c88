/** What stands in the place of something that must not be read. */
export const redacted = '[redacted]';

const secretNames =
  /^(?:.*[_-])?(?:api_?key|authorization|cookie|handle|kek|key|passw(?:or)?d|plaintext|secret|token)s?$/i;

/** What API keys, tokens, passwords in URLs and raw key material look like. */
const secretPatterns: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\bBearer\s+[^\s"\\,]+/gi, `Bearer ${redacted}`],
  [/\blk_live_[\w-]+/g, redacted],
  [/\b(?:sk[-_]|xai-|gsk_|AIza)[\w-]{6,}/g, redacted],
  [/\bre_\w{8,}/g, redacted],
  [/(:\/\/[^\s:"@/\\]*:)[^\s"@/\\]+@/g, `$1${redacted}@`],
  [/\b(?:[0-9a-f]{40}|[0-9a-f]{64})\b/gi, redacted],
];

/** The text without anything that looks like a key, a token or a password. Well-formed JSON stays well-formed. */
export function scrubSecrets(text: string): string {
  return secretPatterns.reduce((scrubbed, [pattern, replacement]) => scrubbed.replace(pattern, replacement), text);
}

const depthMax = 6;

/**
 * A copy that is fit for a log: values under names such as `api_key`, `authorization` or `token` are redacted at any
 * depth, bytes are counted instead of shown, and errors are cut down to what they are and where they came from.
 */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0);
}

/** What a log may say about an error: no enumerable properties, since drivers keep statements and parameters there. */
export function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: typeof error === 'string' ? error : `thrown: ${typeof error}` };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    stack: error.stack,
    ...(error.cause !== undefined && depth < depthMax && { cause: describeError(error.cause, depth + 1) }),
  };
}

function redactObject(object: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(object).map(([name, value]) => [name, redactEntry(name, value, depth)] as const);
  return Object.fromEntries(entries);
}

function redactEntry(name: string, value: unknown, depth: number): unknown {
  const nothingToHide = value === null || value === undefined || typeof value === 'boolean';
  return secretNames.test(toSnakeCase(name)) && !nothingToHide ? redacted : redactValue(value, depth);
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= depthMax) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? value : redactObject(value, depth + 1);
}

function toSnakeCase(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1_$2');
}
