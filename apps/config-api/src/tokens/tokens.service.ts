import { AppError } from '#libs/errors';
import type { ApiToken, ApiTokenStore } from '#libs/keystore';
import { drawApiToken, formatApiToken, tokenIdPattern } from '../auth/api-token.js';
import type { Caller } from '../auth/caller.js';
import type { CallerService } from '../auth/caller.service.js';
import { includesScope, scopesOf, type Scope } from '../auth/scope.js';
import type { DrawBytes } from '../idempotency/repeatable-draw.js';
import type {
  CreatedTokenAnswer,
  CreateTokenBody,
  ListTokensQuery,
  TokenAnswer,
  TokensAnswer,
} from './token.schema.js';

/** The tokens of one organization. Every method throws `not_found` when there is no such organization. */
export class TokensService {
  constructor(
    private readonly tokens: ApiTokenStore,
    private readonly callers: CallerService,
  ) {}

  async list(organizationId: string, { limit, cursor }: ListTokensQuery): Promise<TokensAnswer> {
    const now = new Date();
    const page = await this.tokens.list(organizationId, { limit, after: cursor });
    return { tokens: page.tokens.map((token) => tokenAnswerOf(token, now)), next_cursor: page.next };
  }

  /** Throws `forbidden` for a scope that the caller does not have itself. */
  async create(
    by: { caller: Caller; organizationId: string },
    body: CreateTokenBody,
    draw: DrawBytes,
  ): Promise<CreatedTokenAnswer> {
    if (by.caller.kind === 'tenant') assertMayGive(by.caller.scopes, body.scopes);
    const parts = drawApiToken(draw);
    const token = await this.tokens.create({
      id: parts.id,
      organizationId: by.organizationId,
      hash: this.callers.hashOf(parts),
      name: body.name,
      scopes: scopesOf(body.scopes),
      expiresAt: body.expires_at ? new Date(body.expires_at) : null,
    });
    return { ...tokenAnswerOf(token, new Date()), api_key: formatApiToken(parts) };
  }

  /**
   * Throws `conflict` for the last token with the scope `admin`, unless the operator or the agency revokes it: they can
   * still make another.
   */
  async revoke(by: { caller: Caller; organizationId: string }, tokenId: string): Promise<TokenAnswer> {
    if (!tokenIdPattern.test(tokenId)) {
      throw new AppError('not_found', 'not_found', { message: 'There is no such token.', param: 'id' });
    }
    const keepsAdmin = by.caller.kind === 'tenant' && !by.caller.isAgency;
    const id = { organizationId: by.organizationId, tokenId };
    return tokenAnswerOf(await this.tokens.revoke(id, { keepsAdmin }), new Date());
  }
}

function assertMayGive(held: readonly Scope[], given: readonly Scope[]): void {
  const lacking = given.filter((scope) => !includesScope(held, scope));
  if (lacking.length === 0) return;
  throw new AppError('forbidden', 'forbidden', {
    message: `Your token cannot give what it does not have: ${lacking.join(', ')}.`,
    param: 'scopes',
  });
}

function tokenAnswerOf(token: ApiToken, now: Date): TokenAnswer {
  const { id, name, expiresAt, revokedAt } = token;
  return {
    id,
    name,
    scopes: scopesOf(token.scopes),
    state: revokedAt ? 'revoked' : expiresAt && expiresAt <= now ? 'expired' : 'active',
    created_at: token.createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    last_used_at: token.lastUsedAt?.toISOString() ?? null,
    revoked_at: revokedAt?.toISOString() ?? null,
  };
}
