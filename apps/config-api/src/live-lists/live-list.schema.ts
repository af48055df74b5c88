import { componentNames } from '#libs/contracts';
import { z } from 'zod';

const listedItem = z.object({
  id: z.string(),
  name: z.string(),
  /** Whether assistants may name it: the provider may list more. */
  in_catalogue: z.boolean(),
  /** Whether it is meant where a configuration names none. */
  default: z.boolean(),
  /** What it can be used for. */
  components: z.array(z.enum(componentNames)),
});
/** A model or voice of a provider, as the catalogue sees it. */
export type ListedItem = z.infer<typeof listedItem>;

const about = {
  provider: z.string(),
  /** Whether the provider was asked; it cannot be where it has no such list, and then the catalogue's is shown. */
  live: z.boolean(),
  fetched_at: z.iso.datetime().nullable(),
  /** What the catalogue knows and the provider does not list for this key. */
  not_listed: z.array(z.string()),
};

export const liveModelsAnswer = z.object({ ...about, models: z.array(listedItem) });
export type LiveModelsAnswer = z.infer<typeof liveModelsAnswer>;

export const liveVoicesAnswer = z.object({ ...about, voices: z.array(listedItem) });
export type LiveVoicesAnswer = z.infer<typeof liveVoicesAnswer>;
