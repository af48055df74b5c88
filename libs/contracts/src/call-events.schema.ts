import { z } from 'zod';
import { unresolvedReasons } from './reason-codes.js';

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
const organizationId = z.uuid();
const section = z.record(z.string(), z.unknown());

/** The parts of an assistant that decide which keys a call needs; everything else in them is kept and ignored. */
export const callConfigSchema = z.looseObject({
  stt_config: section.nullish(),
  llm_config: section.nullish(),
  tts_config: section.nullish(),
  analysis_plan: section.nullish(),
});
export type CallConfig = z.infer<typeof callConfigSchema>;

/** `call.started.v1`: the orchestrator asks for the keys of a call. */
export const callStartedSchema = z.object({
  call_id: callIdSchema,
  organization_id: organizationId,
  started_at: z.iso.datetime({ offset: true }).optional(),
  assistant_id: z.string().min(1).max(128).optional(),
  audience: audienceSchema.optional(),
  config: callConfigSchema.optional(),
});
export type CallStarted = z.infer<typeof callStartedSchema>;

/** `call.ended.v1`: handles of the call are dropped and its versions are no longer in use. */
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

export const keySourceSchema = z.enum(['tenant', 'platform']);
/** Whose key a component got. */
export type KeySource = z.infer<typeof keySourceSchema>;

const resolvedComponentSchema = z.object({
  component: componentNameSchema,
  provider: z.string(),
  slot: z.string(),
  status: z.literal('resolved'),
  source: keySourceSchema,
  secret_id: z.uuid(),
  version: z.int().positive(),
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
