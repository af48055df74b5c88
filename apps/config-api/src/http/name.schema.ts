import { z } from 'zod';

/** What somebody calls a thing of theirs: 1 to 200 whole characters. */
export const nameText = z
  .string('must be a string')
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
  .refine((given) => !/[\p{Cc}\p{Cs}]/u.test(given), 'must not have control characters or half characters');
