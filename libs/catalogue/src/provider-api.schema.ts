import { z } from 'zod';
import { componentNameSchema } from '#libs/contracts';

const text = z.string().min(1);
const pointer = z.string().regex(/^(\/[^/]*)*$/, 'must be a JSON pointer (RFC 6901), "" for the whole document');
const path = z.string().regex(/^\/[!-~]*$/, 'must start with / and hold printable ASCII only');
const httpsUrl = z.url({ protocol: /^https$/, error: 'must be an https:// URL' }).transform(withoutSlash);
const status = z.number().int().min(200).max(599);

const requestSchema = z.strictObject({
  method: z.enum(['GET', 'POST']),
  /** Appended to the base URL; a query may be part of it. */
  path,
  /** Sent as JSON. */
  body: z.json().optional(),
});
/** A request to a provider, without the key. */
export type ProviderRequest = Readonly<z.infer<typeof requestSchema>>;

const answerTestSchema = z
  .strictObject({
    /** Which part of the answer; without it the whole text is meant. */
    at: pointer.optional(),
    /** Holds when the value is one of these. */
    is: z.array(z.union([z.string(), z.number(), z.boolean()])).optional(),
    /** Holds when the text contains one of these, whatever their case. */
    contains: z.array(text).optional(),
  })
  .refine(({ is, contains }) => (is === undefined) !== (contains === undefined), 'needs either "is" or "contains"');
/** A condition on the body of an answer. */
export type AnswerTest = Readonly<z.infer<typeof answerTestSchema>>;

/**
 * What a provider says of a key. Only `invalid` and `blocked` are definite enough to refuse or disable a key;
 * `unreachable` says nothing about it, and neither does an answer that nobody foresaw (`unverified`).
 */
export const verdicts = [
  'valid',
  'limited',
  'invalid',
  'blocked',
  'out_of_credit',
  'rate_limited',
  'unreachable',
  'unverified',
] as const;
export type Verdict = (typeof verdicts)[number];

/** Whether the key may do what a component needs; `unknown` when the provider does not say. */
export const capabilityVerdicts = ['ok', 'missing', 'unknown'] as const;
export type CapabilityVerdict = (typeof capabilityVerdicts)[number];
const capabilityVerdictSchema = z.enum(capabilityVerdicts);

const answerCondition = {
  status: z.array(status).min(1),
  where: answerTestSchema.optional(),
};

const probeRuleSchema = z.strictObject({
  ...answerCondition,
  verdict: z.enum(verdicts),
  /** What such an answer says of single components. */
  capabilities: z.partialRecord(componentNameSchema, capabilityVerdictSchema).optional(),
  /** What the key lacks, where the answer does not name it. */
  missing: z.array(text).optional(),
  /** For people; the provider's own words are not repeated. */
  detail: text.optional(),
});
/** What an answer to the probe means; the first rule that fits decides. */
export type ProbeRule = Readonly<z.infer<typeof probeRuleSchema>>;

const componentProbeSchema = z.strictObject({
  components: z.array(componentNameSchema).min(1),
  /** Made so that it costs nothing even when it is allowed. */
  request: requestSchema,
  /** The first that fits decides; none: unknown. */
  rules: z.array(z.strictObject({ ...answerCondition, capability: capabilityVerdictSchema })).min(1),
});
/** A further request which shows whether the key may do what some components need. */
export type ComponentProbe = Readonly<z.infer<typeof componentProbeSchema>>;

const missingPermissionsSchema = z.strictObject({
  at: pointer,
  /** The names follow these words, with commas between them. */
  after: text,
});
/** Where an answer names the permissions that a key lacks. */
export type MissingPermissions = Readonly<z.infer<typeof missingPermissionsSchema>>;

const grantedPermissionsSchema = z.strictObject({
  /** A list of strings in the answer to the probe; when it is not there, nothing is known. */
  at: pointer,
  needs: z.partialRecord(
    componentNameSchema,
    z.strictObject({
      /** One of them is enough; the first is what people are told is missing. */
      any_of: z.array(text).min(1),
      otherwise: z.enum(['missing', 'unknown']),
    }),
  ),
});
/** Where an answer lists the permissions that a key has, and which of them each component needs. */
export type GrantedPermissions = Readonly<z.infer<typeof grantedPermissionsSchema>>;

const probeSchema = z.strictObject({
  request: requestSchema,
  rules: z.array(probeRuleSchema).min(1),
  missing: missingPermissionsSchema.optional(),
  /** Which components cannot work without the permission of this name. */
  needed_by: z.record(text, z.array(componentNameSchema).min(1)).optional(),
  granted: grantedPermissionsSchema.optional(),
  /** Sent when the key turned out to be valid or limited. */
  component_probes: z.array(componentProbeSchema).optional(),
});
/** How a provider is asked about a key, and what its answers mean. */
export type Probe = Readonly<z.infer<typeof probeSchema>>;

const liveListSchema = z.strictObject({
  path,
  /** The array, and in each of its elements the id and the name. */
  items: pointer,
  id: pointer,
  name: pointer.optional(),
  /** Taken off the front of every id. */
  strip_prefix: text.optional(),
  /** The next page is asked for with `parameter` set to what is found at `next`, until `more` is false. */
  paging: z.strictObject({ parameter: text, next: pointer, more: pointer.optional() }).optional(),
});
/** How a provider lists its models or voices. */
export type LiveList = Readonly<z.infer<typeof liveListSchema>>;

/** How one provider's API is spoken to with a key. */
export const providerApiSchema = z.strictObject({
  base_url: httpsUrl,
  /** Base URLs by the region of a slot. */
  regional_base_urls: z.record(text, httpsUrl).optional(),
  /** The header that carries the key, its value with `{key}` in place of it. */
  auth: z.strictObject({
    header: z.string().regex(/^[a-z0-9-]+$/, 'must be a header name in lower case'),
    template: z.string().regex(/^[^{}]*\{key\}[^{}]*$/, 'must hold {key} once'),
  }),
  probe: probeSchema,
  models: liveListSchema.optional(),
  voices: liveListSchema.optional(),
});
export type ProviderApi = Readonly<z.infer<typeof providerApiSchema>>;

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
