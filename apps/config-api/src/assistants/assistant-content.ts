import type { Catalogue, ConfigProblem } from '#libs/catalogue';
import type { CallConfig } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { AssistantContent, StoredAssistant } from '#libs/keystore';
import {
  assistantSections,
  type Assistant,
  type CreateAssistantBody,
  type PatchAssistantBody,
} from './assistant.schema.js';

type Body = AssistantContent['body'];

/** What we say of an assistant and clients send back when they echo one. */
const ownFields: readonly string[] = ['id', 'organization_id', 'created_at', 'updated_at'];
const bytesMax = 128 * 1024;
/** More of what is allowed is left to the details. */
const allowedCharactersMax = 300;

/** What is stored of a new assistant. Throws `invalid` for what the catalogue does not have, and for what is too large. */
export function newContent(catalogue: Catalogue, { name, ...body }: CreateAssistantBody): AssistantContent {
  const known = { touched: assistantSections, before: [], sent: body };
  return { name, body: checkedBody(catalogue, merged({}, body), known) };
}

/**
 * What is stored of an assistant after a patch. Throws `invalid` as for a new one, but not for what was wrong before and
 * is not touched: catalogues change.
 */
export function patchedContent(
  catalogue: Catalogue,
  before: AssistantContent,
  { name, ...patch }: PatchAssistantBody,
): AssistantContent {
  const known = { touched: Object.keys(patch), before: catalogue.configProblems(before.body), sent: patch };
  return { name: name ?? before.name, body: checkedBody(catalogue, merged(before.body, patch), known) };
}

/** An assistant as clients see it; every section is there. */
export function assistantOf({ id, organizationId, name, body, createdAt, updatedAt }: StoredAssistant): Assistant {
  const { is_active: isActive, first_message: firstMessage, ...rest } = body;
  return {
    id,
    organization_id: organizationId,
    name,
    is_active: isActive !== false,
    first_message: (firstMessage ?? null) as string | null,
    stt_config: null,
    llm_config: null,
    tts_config: null,
    analysis_plan: null,
    ...rest,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

function merged(before: Body, patch: Body): Body {
  const body: Body = { ...before };
  for (const [field, value] of Object.entries(patch)) {
    if (ownFields.includes(field) || value === undefined) continue;
    const merges = assistantSections.includes(field) && value !== null;
    body[field] = merges ? { ...(body[field] as Body | null | undefined), ...(value as Body) } : value;
  }
  return body;
}

/** What was there before a change, and what the change brings. */
interface Known {
  touched: readonly string[];
  before: readonly ConfigProblem[];
  sent: Body;
}

function checkedBody(catalogue: Catalogue, body: Body, known: Known): Body {
  const config = body as CallConfig;
  const problems = catalogue
    .configProblems(config)
    .filter(({ path }) => known.touched.includes(path.split('.', 1)[0]!) || !known.before.some((p) => p.path === path));
  if (problems.length > 0) throw refusal(problems, body, known.sent);
  // Such an assistant speaks by itself.
  if (catalogue.isRealtime(config.llm_config?.provider)) body.tts_config = null;
  if (Buffer.byteLength(JSON.stringify(body)) > bytesMax) {
    throw new AppError('invalid', 'invalid_request', {
      message: `The assistant is larger than ${bytesMax / 1024} KiB.`,
    });
  }
  return body;
}

function refusal(problems: readonly ConfigProblem[], body: Body, sent: Body): AppError {
  const [first, ...others] = problems as [ConfigProblem, ...ConfigProblem[]];
  const stored = valueAt(sent, first.path) === undefined ? valueAt(body, first.path) : undefined;
  const text = textOf(first, stored);
  const choice = allowedText(first);
  const isTold = first.allowed.every((value) => text.includes(value));
  return new AppError('invalid', 'invalid_request', {
    message: isTold || choice.length > allowedCharactersMax ? `${text}.` : `${text}; ${choice}.`,
    param: first.path,
    details: [isTold ? text : choice, ...others.map(allowedText)],
  });
}

/** `stored` is what stands there from before; what was sent is not repeated: it may be a key in the wrong place. */
function textOf({ path, message }: ConfigProblem, stored: unknown): string {
  const instead = path.endsWith('.provider') ? '' : ', or null for the default';
  return typeof stored === 'string'
    ? `${path} is still ${stored.slice(0, 64)}, which does not go with this change: send it too${instead}`
    : message.replace(/\.$/, '');
}

function allowedText({ path, allowed }: ConfigProblem): string {
  return `${path} may be ${allowed.join(', ')}`;
}

function valueAt(body: Body, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | null | undefined)?.[name], body);
}
