import { Body, Controller, Get, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import type { TenantCaller } from '../auth/caller.js';
import { RequiresCaller } from '../auth/caller.guard.js';
import { CurrentTenant } from '../auth/current-caller.js';
import { taggedWithEpoch } from '../http/epoch-precondition.js';
import type { HttpReply } from '../http/http-exchange.js';
import { policySchema, rotateKeySchema, type PolicyBody, type RotateKeyBody } from './byok.schema.js';
import { ByokService } from './byok.service.js';
import { CurrentOrder, type CallerOrder } from './change-order.js';
import type { KeyRow } from './key-row.js';
import { KeyViewService, type SlotAnswer, type VersionsAnswer } from './key-view.service.js';

/** One organization's slots in detail: what is stored, rotate, revoke, history, policy. */
@Controller('api/v1/byok/keys')
@RequiresCaller('tenant')
export class ByokKeysController {
  constructor(
    private readonly byok: ByokService,
    private readonly views: KeyViewService,
  ) {}

  @Get()
  async list(@CurrentTenant() tenant: TenantCaller): Promise<{ keys: KeyRow[] }> {
    return { keys: await this.views.keyRows(tenant.organizationId) };
  }

  @Get(':provider/versions')
  async versions(
    @CurrentTenant() tenant: TenantCaller,
    @Param('provider') provider: string,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<VersionsAnswer> {
    return taggedWithEpoch(reply, await this.views.versions(tenant.organizationId, provider));
  }

  @Post(':provider/rotate')
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

  @Post(':provider/revoke')
  @HttpCode(200)
  async revoke(
    @CurrentOrder() order: CallerOrder,
    @Param('provider') provider: string,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<SlotAnswer> {
    const changed = await this.byok.revoke({ ...order, provider });
    return taggedWithEpoch(reply, this.views.slotAnswer(provider, changed));
  }

  @Put(':provider/policy')
  async setPolicy(
    @CurrentOrder() order: CallerOrder,
    @Param('provider') provider: string,
    @Body({ schema: policySchema }) body: PolicyBody,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<SlotAnswer> {
    const changed = await this.byok.setFallback({ ...order, provider }, body.fallback);
    return taggedWithEpoch(reply, this.views.slotAnswer(provider, changed));
  }
}
