import { z } from 'zod';

/** `GET /`. */
export const rootAnswer = z.object({
  name: z.literal('latchkey'),
  links: z.record(z.string(), z.string()).meta({ examples: [{ keys: '/api/v1/byok', docs: '/docs' }] }),
});
export type RootAnswer = z.infer<typeof rootAnswer>;
