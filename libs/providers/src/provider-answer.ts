import type { AnswerTest, MissingPermissions, ProbeRule } from '#libs/catalogue';
import { textAt, valueAt } from './json-pointer.js';
import type { OutboundAnswer } from './outbound-request.js';

/** A provider's answer, read. */
export interface ProviderAnswer {
  status: number;
  text: string;
  /** Undefined when the answer is not JSON. */
  json: unknown;
  /** From Retry-After, one day at most. */
  retryAfterSeconds: number | undefined;
}

/** What statuses mean wherever they come from, after the provider's own rules. */
const generalRules: readonly ProbeRule[] = [
  {
    status: [400, 403, 429],
    where: { contains: ['insufficient_quota', 'billing_hard_limit_reached'] },
    verdict: 'out_of_credit',
  },
  { status: [402], verdict: 'out_of_credit' },
  { status: [429], verdict: 'rate_limited' },
  { status: [408, 425], verdict: 'unreachable' },
];

const secondsPerDay = 86_400;
const nameCountMax = 20;
const nameLengthMax = 80;

/** Reads an answer as it came. */
export function readAnswer({ status, text, headers }: OutboundAnswer, now = Date.now()): ProviderAnswer {
  return { status, text, json: parsed(text), retryAfterSeconds: retryAfter(headers['retry-after'], now) };
}

/** The first rule that fits, the provider's own before the general ones. Without JSON only the general ones can. */
export function ruleFor(answer: ProviderAnswer, rules: readonly ProbeRule[]): ProbeRule | undefined {
  if (answer.status >= 500) return { status: [answer.status], verdict: 'unreachable' };
  const own = answer.json === undefined ? [] : rules;
  return [...own, ...generalRules].find((rule) => fits(answer, rule));
}

/** Whether status and body are as the condition wants them. */
export function fits(answer: ProviderAnswer, { status, where }: { status: number[]; where?: AnswerTest }): boolean {
  return status.includes(answer.status) && (where === undefined || holds(answer, where));
}

/** The permissions that the answer says are missing, as identifiers: nothing else of its text is taken over. */
export function missingPermissions({ json }: ProviderAnswer, reader: MissingPermissions | undefined): string[] {
  const text = (reader && textAt(json, reader.at)) ?? '';
  const found = reader ? text.toLowerCase().indexOf(reader.after.toLowerCase()) : -1;
  if (!reader || found < 0) return [];
  const [, names = ''] = /^[\s:]*([\w.:*-]+(?:\s*,\s*[\w.:*-]+)*)/.exec(text.slice(found + reader.after.length)) ?? [];
  return names
    .split(',')
    .map((name) => name.trim().replace(/[.:]+$/, ''))
    .filter((name) => name !== '' && name.length <= nameLengthMax)
    .slice(0, nameCountMax);
}

/** The list of strings at a JSON pointer; undefined when there is no list. */
export function stringsAt({ json }: ProviderAnswer, pointer: string): string[] | undefined {
  const value = valueAt(json, pointer);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}

function holds({ json, text }: ProviderAnswer, { at, is, contains }: AnswerTest): boolean {
  const value = at === undefined ? text : valueAt(json, at);
  if (is) return is.some((wanted) => wanted === value);
  const lower = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toLowerCase();
  return contains?.some((words) => lower.includes(words.toLowerCase())) ?? false;
}

/** Objects and lists only: a provider's API answers nothing else. */
function parsed(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - now) / 1_000);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, secondsPerDay) : undefined;
}
