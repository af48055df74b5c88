import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentDraw } from '../idempotency/current-draw.js';
import type { DrawBytes } from '../idempotency/repeatable-draw.js';
import { CurrentOrganization, type NamedOrganization } from '../organizations/named-organization.js';
import {
  createdTokenAnswer,
  createTokenSchema,
  listTokensSchema,
  revokedTokenAnswer,
  tokensAnswer,
} from './token.schema.js';
import type {
  CreatedTokenAnswer,
  CreateTokenBody,
  ListTokensQuery,
  RevokedTokenAnswer,
  TokensAnswer,
} from './token.schema.js';
import { TokensService } from './tokens.service.js';

/** The tokens of an organization. The operator has the same routes for every organization. */
@Controller(['api/v1/tokens', 'admin/v1/organizations/:organization_id/tokens'])
@RequiresCaller()
@RequiresScope('admin')
export class TokensController {
  constructor(private readonly tokens: TokensService) {}

  @Get()
  @Answers(200, tokensAnswer, { summary: 'Tokens, newest first', errors: [404] })
  list(
    @CurrentOrganization() { organizationId }: NamedOrganization,
    @Query({ schema: listTokensSchema }) query: ListTokensQuery,
  ): Promise<TokensAnswer> {
    return this.tokens.list(organizationId, query);
  }

  @Post()
  @Answers(201, createdTokenAnswer, {
    summary: 'Make a token',
    description: 'Its `api_key` is shown this once: only a keyed hash of it is kept.',
    errors: [404],
  })
  create(
    @CurrentOrganization() by: NamedOrganization,
    @Body({ schema: createTokenSchema }) body: CreateTokenBody,
    @CurrentDraw() draw: DrawBytes,
  ): Promise<CreatedTokenAnswer> {
    return this.tokens.create(by, body, draw);
  }

  @Delete(':id')
  @Answers(200, revokedTokenAnswer, {
    summary: 'Revoke a token',
    description:
      'Once this has answered, the token is refused. Repeating it changes nothing. An organization cannot revoke its ' +
      'last token with the scope `admin`; its agency and the operator can.',
    errors: [404, 'last_admin_token'],
  })
  async revoke(@CurrentOrganization() by: NamedOrganization, @Param('id') id: string): Promise<RevokedTokenAnswer> {
    return { success: true, token: await this.tokens.revoke(by, id) };
  }
}
