import { httpStatusOf, type ErrorKind } from '#libs/errors';
import { z } from 'zod';

/** The one body of every error answer. */
export const errorBodySchema = z
  .object({
    error: z
      .string()
      .describe('What is wrong, in a few words.')
      .meta({ examples: ['provider is required.'] }),
    message: z
      .string()
      .describe('The same with every detail.')
      .meta({ examples: ['provider is required.'] }),
    code: z
      .string()
      .describe('For programs: stable, snake_case.')
      .meta({ examples: ['missing_field'] }),
    param: z
      .string()
      .optional()
      .describe('The field at fault.')
      .meta({ examples: ['provider'] }),
    type: z.enum(Object.keys(httpStatusOf) as [ErrorKind, ...ErrorKind[]]).describe('What kind of error it is.'),
    details: z
      .array(z.string())
      .optional()
      .describe('One sentence for each further problem; of more than twenty the last tells how many more.'),
    request_id: z
      .string()
      .describe('The id of the request, as in X-Request-Id.')
      .meta({ examples: ['req-0001'] }),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBodySchema>;
