import { componentNames } from '#libs/contracts';
import { z } from 'zod';

const component = z.enum(componentNames);

const listedItem = z.object({
  id: z.string(),
  name: z.string(),
  in_catalogue: z
    .boolean()
    .describe('Whether assistants may name it: the provider may list more. Where any voice will do, every one.'),
  default: z.boolean().describe('Whether it is meant somewhere where a configuration names none.'),
  default_for: z
    .array(z.object({ component, provider: z.string().meta({ examples: ['openai_live'] }) }))
    .describe('For which components, and of which provider that an assistant names, it is the default.'),
  components: z.array(component).describe('What it can be used for.'),
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
