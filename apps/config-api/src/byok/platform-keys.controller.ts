import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { platformOrganizationId } from '#libs/keystore';
import { RequiresCaller } from '../auth/caller.guard.js';
import { taggedWithEpoch } from '../http/epoch-precondition.js';
import type { HttpReply } from '../http/http-exchange.js';
import { removeKeySchema, rotateKeySchema, storeKeySchema } from './byok.schema.js';
import type { RemoveKeyBody, RotateKeyBody, StoreKeyBody } from './byok.schema.js';
import { ByokService } from './byok.service.js';
import { CurrentOrder, type CallerOrder } from './change-order.js';
import { KeyViewService } from './key-view.service.js';
import type { MapAnswer, SecretIdMap, SlotAnswer } from './key-view.service.js';
import { providerToRemove } from './provider-name.js';

/** The platform's default keys, set by the operator: the same rules and answers as for an organization's own. */
@Controller('admin/v1/platform')
@RequiresCaller('admin')
export class PlatformKeysController {
  constructor(
    private readonly byok: ByokService,
    private readonly views: KeyViewService,
  ) {}

  @Get('byok')
  async read(): Promise<{ byok_keys: SecretIdMap }> {
    return { byok_keys: await this.views.secretIds(platformOrganizationId) };
  }

  @Post('byok')
  @HttpCode(200)
  async store(
    @CurrentOrder() order: CallerOrder,
    @Body({ schema: storeKeySchema }) body: StoreKeyBody,
  ): Promise<MapAnswer> {
    return this.views.mapAnswer(await this.byok.store({ ...order, provider: body.provider }, body.key));
  }

  @Delete('byok')
  async remove(
    @CurrentOrder() order: CallerOrder,
    @Body({ schema: removeKeySchema }) body: RemoveKeyBody,
    @Query('provider') queryProvider?: string | string[],
  ): Promise<MapAnswer> {
    const provider = providerToRemove(body, queryProvider);
    return this.views.mapAnswer(await this.byok.remove({ ...order, provider }));
  }

  @Post('keys/:provider/rotate')
  @HttpCode(200)
  async rotate(
    @CurrentOrder() order: CallerOrder,
    @Param('provider') provider: string,
    @Body({ schema: rotateKeySchema }) body: RotateKeyBody,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<SlotAnswer> {
    const changed = await this.byok.rotate({ ...order, provider }, body.key, body);
    return taggedWithEpoch(reply, this.views.slotAnswer(provider, changed));
  }

  @Post('keys/:provider/revoke')
  @HttpCode(200)
  async revoke(
    @CurrentOrder() order: CallerOrder,
    @Param('provider') provider: string,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<SlotAnswer> {
    const changed = await this.byok.revoke({ ...order, provider });
    return taggedWithEpoch(reply, this.views.slotAnswer(provider, changed));
  }
}
