import { z } from 'zod';
import { findLeafProblem, storableLeaf } from '../http/json-leaves.js';

/**
 * `POST /byok/config`: fields of `config` take the place of those of the same name, null removes one. Existing clients may
 * send more than we know.
 */
export const mergeSettingsSchema = z
  .object({
    provider: z.string('must be a string').meta({ examples: ['deepgram'] }),
    config: z
      .record(z.string(), z.unknown(), 'must be an object')
      .meta({ examples: [{ endpoint: 'https://api.eu.deepgram.com' }] }),
  })
  .superRefine(({ config }, context) => {
    const problem = findLeafProblem(config, storableLeaf);
    if (problem) context.addIssue({ code: 'custom', path: ['config', ...problem.path], message: problem.message });
  });
export type MergeSettingsBody = z.infer<typeof mergeSettingsSchema>;

/** The answer of `POST /byok/config`: the settings of every slot of the catalogue. */
export const settingsAnswer = z.object({
  byok_config: z
    .record(z.string(), z.looseObject({}))
    .describe('One property per slot of the catalogue; empty without settings.')
    .meta({ examples: [{ deepgram: { endpoint: 'https://api.eu.deepgram.com' }, openai: {} }] }),
});
export type SettingsAnswer = z.infer<typeof settingsAnswer>;
