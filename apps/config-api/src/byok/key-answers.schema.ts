import { componentNames } from '#libs/contracts';
import { fallbackPolicies } from '#libs/keystore';
import { capabilityVerdicts, verdicts } from '#libs/providers';
import { z } from 'zod';
import { withoutKeyOutcomes } from './without-key.js';

const slotId = z.string().meta({ examples: ['openai'] });
const secretId = z.uuid().describe('The public id of a version; a replacement has a new one.');
const versionNumber = z.int().positive();
const epoch = z
  .int()
  .describe('Goes up with every change of the slot; If-Match takes it.')
  .meta({ examples: [7] });
const hint = z
  .string()
  .nullable()
  .describe('Its two ends; none of a short key.')
  .meta({ examples: ['sk-…AbCd'] });
const fingerprint = z
  .string()
  .describe('Keyed hash, hexadecimal: tells whether two keys of the organization are the same.')
  .meta({ examples: ['9f86d081884c7d659a2feaa0c55ad015'] });
const createdBy = z.string().meta({ examples: ['token:pJ4xV0yQm3kT9a2b'] });

const secretIdMap = z
  .record(z.string(), secretId.nullable())
  .describe(
    'One property `<slot>_secret_id` for every slot of the catalogue; null when no key is stored, and when it is revoked.',
  )
  .meta({
    id: 'SecretIds',
    examples: [{ openai_secret_id: '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a', deepgram_secret_id: null }],
  });
export type SecretIdMap = z.infer<typeof secretIdMap>;

/** `GET /byok`. */
export const secretIdsAnswer = z.object({ byok_keys: secretIdMap });
export type SecretIdsAnswer = z.infer<typeof secretIdsAnswer>;

const permissionNames = z.array(z.string()).readonly().describe('What the provider says is missing.');
const capabilityMap = z
  .record(z.string(), z.enum(capabilityVerdicts))
  .describe('By component that the slot serves.')
  .meta({ examples: [{ stt: 'ok', postcall_stt: 'missing' }] });
const verdictRow = z.object({
  verdict: z.enum(verdicts).meta({ examples: ['limited'] }),
  capabilities: capabilityMap,
  missing_permissions: permissionNames,
  detail: z.string().nullable(),
});
/** What a provider said of a key. */
export type VerdictRow = z.infer<typeof verdictRow>;

const check = verdictRow
  .nullable()
  .describe('What the provider said of the key before it was stored; null when it was not asked.')
  .meta({ id: 'KeyCheck' });
/** `DELETE /byok`: the whole map, as the change's own transaction left it. */
export const mapAnswer = z.object({ success: z.literal(true), byok_keys: secretIdMap });
export type MapAnswer = z.infer<typeof mapAnswer>;

/** The answer to a change of one slot: how it stands, beside the whole map. */
export const slotAnswer = mapAnswer
  .extend({ provider: slotId, secret_id: secretId.nullable(), version: versionNumber.nullable(), epoch })
  .meta({ id: 'ChangedSlot' });
export type SlotAnswer = z.infer<typeof slotAnswer>;

/** `POST /byok`: the map, and whether the key will do. */
export const storedAnswer = mapAnswer.extend({ check });
export type StoredAnswer = z.infer<typeof storedAnswer>;

/** `POST /byok/keys/:provider/rotate`. */
export const rotatedAnswer = slotAnswer.extend({ check }).meta({ id: 'RotatedSlot' });
export type RotatedAnswer = z.infer<typeof rotatedAnswer>;

const versionRow = z
  .object({
    version: versionNumber,
    secret_id: secretId,
    state: z.enum(['active', 'retiring', 'retired', 'revoked', 'removed']),
    retires_at: z.iso.datetime().nullable().describe('Until then calls that began with the version may use it.'),
    hint,
    fingerprint,
    created_at: z.iso.datetime(),
    created_by: createdBy,
    live_calls: z.int(),
    safe_to_delete: z
      .boolean()
      .describe('Not current, and no live call holds it: nothing of ours needs the key any more.'),
    advice: z.string().meta({ examples: ['0 live calls on version 1: safe to delete it at the provider'] }),
  })
  .meta({ id: 'Version' });
export type VersionRow = z.infer<typeof versionRow>;

/** `GET /byok/keys/:provider/versions`, newest first. */
export const versionsAnswer = z.object({ provider: slotId, epoch, versions: z.array(versionRow) });
export type VersionsAnswer = z.infer<typeof versionsAnswer>;

const validatedRow = verdictRow.extend({ at: z.iso.datetime() });
/** A verdict of a provider, and when it was given. */
export type ValidatedRow = z.infer<typeof validatedRow>;

/** `GET /byok/keys/:provider`. */
export const keyRow = z
  .object({
    provider: slotId,
    state: z.enum(['empty', 'active', 'expired', 'revoked', 'quarantined']),
    secret_id: secretId.nullable(),
    version: versionNumber.nullable(),
    epoch,
    hint,
    fingerprint: fingerprint.nullable(),
    created_at: z.iso.datetime().nullable(),
    created_by: createdBy.nullable(),
    expires_at: z.iso.datetime().nullable(),
    last_used: z.iso
      .datetime()
      .nullable()
      .describe(
        "When a call last got the slot's key, a few seconds late; for a key that others use, their calls too. null: never.",
      ),
    last_validated: validatedRow
      .nullable()
      .describe('What the provider last said of the key; null when it was never asked.'),
    last_failure: z.iso.datetime().nullable().describe('When the provider last refused the key.'),
    fallback: z.enum(fallbackPolicies).describe("Whether another's key may take the place of the organization's own."),
    allowed_models: z.array(z.string()).nullable().describe('null: all.'),
    region: z
      .string()
      .nullable()
      .describe('Calls that name another region do not get the key; null: every region is right.'),
    shared: z.boolean().describe('Whether child organizations may use the key.'),
    without_key: z
      .enum(withoutKeyOutcomes)
      .describe("What a call gets when the organization's own key is not there (or cannot be used, as now)."),
    live_calls_by_version: z.array(z.object({ version: versionNumber, secret_id: secretId, live_calls: z.int() })),
  })
  .meta({ id: 'Key' });
export type KeyRow = z.infer<typeof keyRow>;

/** `GET /byok/keys`: one row for every slot of the catalogue. */
export const keysAnswer = z.object({ keys: z.array(keyRow) });
export type KeysAnswer = z.infer<typeof keysAnswer>;

const listedModel = z.object({
  id: z.string().meta({ examples: ['gpt-5.4'] }),
  name: z.string().meta({ examples: ['GPT-5.4'] }),
  default: z.literal(true).optional().describe('Meant where an assistant names none.'),
});

const listedVoices = z.object({
  known: z.array(z.string().meta({ examples: ['marin'] })).readonly(),
  default: z
    .string()
    .nullable()
    .meta({ examples: ['marin'] }),
  free_text: z.boolean().describe('Whether any other voice will do too.'),
});

const listedOffering = z
  .object({
    component: z.enum(componentNames).meta({ examples: ['llm'] }),
    provider: z
      .string()
      .describe('What an assistant names as `provider`.')
      .meta({ examples: ['openai_live'] }),
    name: z.string().meta({ examples: ['OpenAI Live'] }),
    aliases: z
      .array(z.string().meta({ examples: ['11labs'] }))
      .readonly()
      .describe('Other names of the provider.'),
    realtime: z.boolean().describe('It hears and speaks by itself: a call needs no stt and no tts.'),
    default: z.boolean().describe('It is meant where a configuration names no provider.'),
    models: z
      .array(listedModel)
      .describe('Those that run on the key of this slot, the default among them if it does; none: any name passes.'),
    voices: listedVoices.nullable().describe('null: none are known, and none is checked.'),
  })
  .meta({ id: 'Offering' });
export type ListedOffering = z.infer<typeof listedOffering>;

const listedProvider = z
  .object({
    id: slotId,
    name: z.string().meta({ examples: ['OpenAI'] }),
    category: z.string().meta({ examples: ['llm'] }),
    docsUrl: z.string().meta({ examples: ['https://platform.openai.com/docs'] }),
    models: z.array(listedModel).describe('The models of its main use, which is the category.'),
    offerings: z.array(listedOffering).describe('Everything that runs on the key of this slot.'),
  })
  .meta({ id: 'Provider' });
export type ListedProvider = z.infer<typeof listedProvider>;

/** `GET /byok/config`. */
export const providersAnswer = z.object({ providers: z.array(listedProvider) });
export type ProvidersAnswer = z.infer<typeof providersAnswer>;
