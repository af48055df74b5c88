import { z } from 'zod';
import { fallbackReasons, unresolvedReasons } from './reason-codes.js';

export const callIdSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');
/** Who may redeem handles; goes into the audit trail, which takes no control characters and no half characters. */
export const audienceSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^\P{C}+$/u, 'must not have control characters');
/** Goes into a query: no control characters and no half characters. */
const assistantIdSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^\P{C}+$/u, 'must not have control characters');
/** A region as the operator names it, such as `eu`. */
export const regionSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z 0-9 -')
  .meta({ examples: ['eu'] });
/** In lower case, as everything that is derived from it expects. */
const organizationId = z.uuid().toLowerCase();
const section = z.record(z.string(), z.unknown());

/** The parts of an assistant that decide which keys a call needs; everything else in them is kept and ignored. */
export const callConfigSchema = z
  .looseObject({
    stt_config: section.nullish(),
    llm_config: section.nullish(),
    tts_config: section.nullish(),
    analysis_plan: section.nullish(),
  })
  .meta({ examples: [{ llm_config: { provider: 'openai', model: 'gpt-5.4' }, stt_config: { provider: 'deepgram' } }] });
export type CallConfig = z.infer<typeof callConfigSchema>;

/** `call.started.v1`: the orchestrator asks for the keys of a call. */
export const callStartedSchema = z.object({
  call_id: callIdSchema,
  organization_id: organizationId,
  started_at: z.iso.datetime({ offset: true }).optional(),
  assistant_id: assistantIdSchema.optional(),
  audience: audienceSchema.optional(),
  /** Where the call is handled; a slot that is bound to another region gives no key. */
  region: regionSchema.optional(),
  config: callConfigSchema.optional(),
});
export type CallStarted = z.infer<typeof callStartedSchema>;

/**
 * `call.ended.v1`: handles of the call are dropped and its versions are no longer in use, those of post-call components
 * a while later.
 */
export const callEndedSchema = z.object({
  call_id: callIdSchema,
  organization_id: organizationId,
  ended_at: z.iso.datetime({ offset: true }).optional(),
});
export type CallEnded = z.infer<typeof callEndedSchema>;

export const componentNames = ['stt', 'llm', 'tts', 'postcall_stt', 'postcall_llm', 'email'] as const;
export const componentNameSchema = z.enum(componentNames);
/** What in a call needs a key. */
export type ComponentName = z.infer<typeof componentNameSchema>;

/** What works after a call has ended: analysis of what was said, and the mail about it. */
export const postCallComponents: readonly string[] = [
  'postcall_stt',
  'postcall_llm',
  'email',
] satisfies ComponentName[];

/** `call.key.failed.v1`: a provider refused a key in a call. It is probed before it is believed. */
export const callKeyFailedSchema = z.object({
  call_id: callIdSchema,
  organization_id: organizationId,
  component: componentNameSchema,
  /** The HTTP status that the provider answered with. */
  status: z.int().min(100).max(599),
  detail: z.string().max(500).optional(),
});
export type CallKeyFailed = z.infer<typeof callKeyFailedSchema>;

export const keySourceSchema = z.enum(['tenant', 'inherited', 'platform']);
/** Whose key a component got; `inherited`: its agency's. */
export type KeySource = z.infer<typeof keySourceSchema>;

const resolvedComponentSchema = z.object({
  component: componentNameSchema,
  provider: z.string(),
  slot: z.string(),
  status: z.literal('resolved'),
  source: keySourceSchema,
  secret_id: z.uuid(),
  version: z.int().positive(),
  /** Of another's key: why the tenant's own was not used. */
  fallback_reason: z.enum(fallbackReasons).optional(),
  /** Of an inherited key: whose it is. */
  inherited_from: organizationId.optional(),
  handle: z.string(),
});

const unresolvedComponentSchema = z.object({
  component: componentNameSchema,
  provider: z.string().nullable(),
  slot: z.string().nullable(),
  status: z.literal('unresolved'),
  reason: z.enum(unresolvedReasons),
});

/** `call.keys.resolved.v1`: the answer, with a handle and never a key for every component that got one. */
export const callKeysResolvedSchema = z.object({
  call_id: callIdSchema,
  organization_id: organizationId,
  resolved_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  components: z.array(z.discriminatedUnion('status', [resolvedComponentSchema, unresolvedComponentSchema])),
});
export type CallKeysResolved = z.infer<typeof callKeysResolvedSchema>;
export type ResolvedComponent = z.infer<typeof resolvedComponentSchema>;
export type UnresolvedComponent = z.infer<typeof unresolvedComponentSchema>;
