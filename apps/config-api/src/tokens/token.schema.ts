import { z } from 'zod';
import { tokenIdPattern } from '../auth/api-token.js';
import { scopes } from '../auth/scope.js';
import { expiryTime } from '../http/expiry-time.schema.js';
import { nameText } from '../http/name.schema.js';
import { nextCursor, pageQuery } from '../http/page.schema.js';

const scope = z.enum(scopes, `must be one of ${scopes.join(', ')}`).meta({ examples: ['byok:read'] });
const cursor = z.string().regex(tokenIdPattern, 'must be the next_cursor of an answer');

/** `POST /tokens`. */
export const createTokenSchema = z.strictObject({
  name: nameText.meta({ examples: ['dashboard'] }),
  scopes: z
    .array(scope, 'must be a list of scopes')
    .min(1, 'must name a scope')
    .max(scopes.length, 'must name each scope once')
    .describe('What it may do: only what the token that makes it may do.')
    .meta({ examples: [['byok:read', 'assistants:write']] }),
  expires_at: expiryTime
    .refine((time) => Date.parse(time) > Date.now(), 'must be in the future')
    .nullish()
    .meta({ examples: ['2099-01-31T00:00:00Z'] }),
});
export type CreateTokenBody = z.infer<typeof createTokenSchema>;

/** The query of `GET /tokens`. */
export const listTokensSchema = pageQuery(cursor, { standard: 50, max: 100 });
export type ListTokensQuery = z.infer<typeof listTokensSchema>;

const time = z.iso.datetime().nullable();
const token = z
  .object({
    id: z.string().meta({ examples: ['pJ4xV0yQm3kT9a2b'] }),
    name: z.string().nullable().describe('Null: the one that the organization began with.'),
    scopes: z.array(z.enum(scopes)),
    state: z.enum(['active', 'expired', 'revoked']),
    created_at: z.iso.datetime(),
    expires_at: time,
    last_used_at: time.describe('To the minute.'),
    revoked_at: time,
  })
  .meta({ id: 'Token' });
/** A token as clients see it: never its secret. */
export type TokenAnswer = z.infer<typeof token>;

/** `GET /tokens`: newest first. */
export const tokensAnswer = z.object({ tokens: z.array(token), next_cursor: nextCursor });
export type TokensAnswer = z.infer<typeof tokensAnswer>;

/** `POST /tokens`. */
export const createdTokenAnswer = token
  .extend({
    api_key: z
      .string()
      .describe('The token itself; it is shown this once.')
      .meta({ examples: ['lk_live_pJ4xV0yQm3kT9a2b_<secret>'] }),
  })
  .meta({ id: 'CreatedToken' });
export type CreatedTokenAnswer = z.infer<typeof createdTokenAnswer>;

/** `DELETE /tokens/:id`. */
export const revokedTokenAnswer = z.object({ success: z.literal(true), token });
export type RevokedTokenAnswer = z.infer<typeof revokedTokenAnswer>;
