import { fallbackReasons, keySourceSchema, unresolvedReasons } from '#libs/contracts';
import { z } from 'zod';

const component = z.string().meta({ examples: ['llm'] });
const provider = z.string().meta({ examples: ['openai'] });

const resolvedComponent = z
  .object({
    component,
    provider,
    slot: provider,
    status: z.literal('resolved'),
    source: keySourceSchema.describe("Whose key it got; `inherited`: its agency's."),
    secret_id: z.uuid(),
    version: z.int().positive(),
    epoch: z.int().positive(),
    fallback_reason: z.enum(fallbackReasons).optional().describe("Of another's key: why the own was not used."),
    inherited_from: z.uuid().optional().describe('Of an inherited key: whose it is.'),
  })
  .meta({ id: 'ResolvedComponent' });

const unresolvedComponent = z
  .object({
    component,
    provider: provider.nullable(),
    slot: provider.nullable(),
    status: z.literal('unresolved'),
    reason: z.enum(unresolvedReasons),
  })
  .meta({ id: 'UnresolvedComponent' });

/** `GET /calls/:call_id/keys`: which source, secret and version every component of a call got, and why. */
export const receiptAnswer = z
  .object({
    call_id: z.string().meta({ examples: ['call-2026-11-24-0001'] }),
    organization_id: z.uuid(),
    resolved_at: z.iso.datetime().nullable().describe('null: its end was told, its start never.'),
    ended_at: z.iso.datetime().nullable(),
    components: z.array(z.discriminatedUnion('status', [resolvedComponent, unresolvedComponent])),
  })
  .meta({ id: 'Receipt' });
export type ReceiptAnswer = z.infer<typeof receiptAnswer>;
