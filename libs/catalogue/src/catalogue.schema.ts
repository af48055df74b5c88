import { z } from 'zod';
import { componentNameSchema } from '#libs/contracts';
import { providerApiSchema } from './provider-api.schema.js';

const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 _ . - and start with a letter or digit');
const name = z.string().min(1);

const slotSchema = z.strictObject({
  id,
  name,
  /** What people mainly use the provider for; other components may use the slot too. */
  category: z.enum(['stt', 'llm', 'tts', 'email']),
  docsUrl: z.url({ protocol: /^https$/ }),
  /** How keys usually start: a hint for people, never a gate. */
  key_prefix: z.string().min(1).optional(),
  /** Without it keys are stored unverified and nothing is listed live. */
  api: providerApiSchema.optional(),
});
/** A place for one provider's key. */
export type Slot = Readonly<z.infer<typeof slotSchema>>;

const modelSchema = z.strictObject({
  id,
  name,
  default: z.literal(true).optional(),
  /** The slot of this model where it is not the offering's. */
  slot: id.optional(),
});
/** A model that a provider offers for a component. */
export type Model = Readonly<z.infer<typeof modelSchema>>;

/** The voices that a provider offers for a component. */
const voicesSchema = z.strictObject({
  known: z.array(z.string().min(1)),
  default: z.string().min(1).optional(),
  /** Whether voices beyond the known ones are accepted. */
  free_text: z.boolean(),
});

const offeringSchema = z.strictObject({
  component: componentNameSchema,
  provider: id,
  name,
  aliases: z.array(id).optional(),
  /** The model hears and speaks by itself: the call needs no stt and no tts. */
  realtime: z.literal(true).optional(),
  /** The provider when the configuration names none; only components that have no section of their own have one. */
  default: z.literal(true).optional(),
  /** Whose key it runs on, unless the model says otherwise. */
  slot: id,
  models: z.array(modelSchema),
  voices: voicesSchema.optional(),
});
/** What one provider offers for one component. */
export type Offering = Readonly<z.infer<typeof offeringSchema>>;

/** The whole catalogue as it is stored; that its parts fit together is checked by `referenceProblems`. */
export const catalogueSchema = z.strictObject({
  slots: z.array(slotSchema).min(1),
  offerings: z.array(offeringSchema).min(1),
});
export type CatalogueContent = z.infer<typeof catalogueSchema>;
