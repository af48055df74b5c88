import { z } from 'zod';

/** Which part of a list a client wants: `limit` rows after the one that an earlier answer named as `next_cursor`. */
export function pageQuery<T extends z.ZodType<string>>(cursor: T, limits: { standard: number; max: number }) {
  return z.object({
    limit: z.coerce
      .number('must be a whole number')
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .default(limits.standard)
      .transform((limit) => Math.min(limit, limits.max))
      .describe(`More than ${limits.max} counts as ${limits.max}.`),
    cursor: cursor.optional().describe('The `next_cursor` of an earlier answer.'),
  });
}

/** Where the next part of a list begins. */
export const nextCursor = z
  .string()
  .nullable()
  .describe('Send it as `cursor` for the next page; null: this is the last.');
