import { Body, Controller, Delete, Get, Post, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { showsSecretIds } from '../auth/caller-recognition.js';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller } from '../auth/current-caller.js';
import { epochTag } from '../http/epoch-tag.interceptor.js';
import type { HttpReply } from '../http/http-exchange.js';
import { removeKeySchema, storeKeySchema, type RemoveKeyBody, type StoreKeyBody } from './byok.schema.js';
import { ByokService } from './byok.service.js';
import { CurrentOrder, type CallerOrder } from './change-order.js';
import { mapAnswer, secretIdsAnswer, storedAnswer } from './key-answers.schema.js';
import type { MapAnswer, SecretIdsAnswer, StoredAnswer } from './key-answers.schema.js';
import { KeyViewService } from './key-view.service.js';
import { providerToRemove } from './provider-name.js';
import { verdictRowOf } from './verdict-row.js';

/**
 * The public BYOK contract: which keys an organization has, add or replace, remove. The operator has the same routes for
 * the platform's default keys.
 */
@Controller(['api/v1/byok', 'admin/v1/platform/byok'])
@RequiresCaller()
@RequiresScope('byok:write')
export class ByokController {
  constructor(
    private readonly byok: ByokService,
    private readonly views: KeyViewService,
  ) {}

  @Get()
  @RequiresScope('byok:read')
  @Answers(200, secretIdsAnswer, { summary: 'Which keys are stored' })
  @RouteConfig({ [showsSecretIds]: true })
  async read(@CurrentCaller() caller: Caller): Promise<SecretIdsAnswer> {
    return { byok_keys: await this.views.secretIdsOf(caller) };
  }

  @Post()
  @Answers(200, storedAnswer, {
    summary: 'Add a key or replace it',
    description:
      'A replacement is graceful: calls that began with the old key keep it for a while, new calls get the new one. ' +
      'A key that the provider refuses is not stored (422 `key_rejected`).',
    errors: ['key_rejected'],
    ifMatch: true,
  })
  async store(
    @CurrentOrder() order: CallerOrder,
    @Body({ schema: storeKeySchema }) body: StoreKeyBody,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<StoredAnswer> {
    const changed = await this.byok.store({ ...order, provider: body.provider }, body.key, body.validate);
    reply.header('etag', epochTag(changed.epoch));
    return { ...this.views.mapAnswer(changed), check: changed.verdict ? verdictRowOf(changed.verdict) : null };
  }

  @Delete()
  @Answers(200, mapAnswer, {
    summary: 'Remove a key',
    description: 'Name the provider in the body or in the query. Its policy says whether other keys take its place.',
    errors: [404],
    ifMatch: true,
  })
  async remove(
    @CurrentOrder() order: CallerOrder,
    @Body({ schema: removeKeySchema }) body: RemoveKeyBody,
    @Query('provider') queryProvider: string | string[] | undefined,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<MapAnswer> {
    const provider = providerToRemove(body, queryProvider);
    const changed = await this.byok.remove({ ...order, provider });
    reply.header('etag', epochTag(changed.epoch));
    return this.views.mapAnswer(changed);
  }
}
