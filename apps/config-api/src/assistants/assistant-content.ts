import type { Catalogue, ConfigProblem } from '#libs/catalogue';
import type { CallConfig } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { AssistantContent, StoredAssistant } from '#libs/keystore';
import type { Assistant, CreateAssistantBody, PatchAssistantBody } from './assistant.schema.js';

type Body = AssistantContent['body'];

const sections: readonly string[] = ['stt_config', 'llm_config', 'tts_config', 'analysis_plan'];
/** What we say of an assistant and clients send back when they echo one. */
const ownFields: readonly string[] = ['id', 'organization_id', 'created_at', 'updated_at'];
const bytesMax = 128 * 1024;

/** What is stored of a new assistant. Throws `invalid` for what the catalogue does not have, and for what is too large. */
export function newContent(catalogue: Catalogue, { name, ...body }: CreateAssistantBody): AssistantContent {
  return { name, body: checkedBody(catalogue, merged({}, body), { touched: sections, before: [] }) };
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
  const known = { touched: Object.keys(patch), before: catalogue.configProblems(before.body) };
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
    const merges = sections.includes(field) && value !== null;
    body[field] = merges ? { ...(body[field] as Body | null | undefined), ...(value as Body) } : value;
  }
  return body;
}

function checkedBody(
  catalogue: Catalogue,
  body: Body,
  known: { touched: readonly string[]; before: readonly ConfigProblem[] },
): Body {
  const config = body as CallConfig;
  const problems = catalogue
    .configProblems(config)
    .filter(({ path }) => known.touched.includes(path.split('.', 1)[0]!) || !known.before.some((p) => p.path === path));
  if (problems.length > 0) throw refusal(problems);
  // Such an assistant speaks by itself.
  if (catalogue.isRealtime(config.llm_config?.provider)) body.tts_config = null;
  if (Buffer.byteLength(JSON.stringify(body)) > bytesMax) {
    throw new AppError('invalid', 'invalid_request', {
      message: `The assistant is larger than ${bytesMax / 1024} KiB.`,
    });
  }
  return body;
}

function refusal(problems: readonly ConfigProblem[]): AppError {
  const first = problems[0]!;
  return new AppError('invalid', 'invalid_request', {
    message: first.message,
    param: first.path,
    details: problems.map(({ path, allowed }) => `${path} may be ${allowed.join(', ')}`),
  });
}
