import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Catalogue } from '#libs/catalogue';
import type { TenantCaller } from '../auth/caller.js';
import { RequiresCaller } from '../auth/caller.guard.js';
import { CurrentTenant } from '../auth/current-caller.js';
import { removeKeySchema, storeKeySchema, type RemoveKeyBody, type StoreKeyBody } from './byok.schema.js';
import { ByokService } from './byok.service.js';
import { CurrentOrder, type CallerOrder } from './change-order.js';
import { KeyViewService, type MapAnswer, type SecretIdMap } from './key-view.service.js';
import { listProviders, type ListedProvider } from './provider-listing.js';
import { providerToRemove } from './provider-name.js';

/** The public BYOK contract: which keys an organization has, add or replace, remove. */
@Controller('api/v1/byok')
@RequiresCaller('tenant')
export class ByokController {
  constructor(
    private readonly byok: ByokService,
    private readonly views: KeyViewService,
    private readonly catalogue: Catalogue,
  ) {}

  @Get()
  async read(@CurrentTenant() tenant: TenantCaller): Promise<{ byok_keys: SecretIdMap }> {
    return { byok_keys: await this.views.secretIds(tenant.organizationId) };
  }

  @Post()
  @HttpCode(200)
  async store(
    @CurrentOrder() order: CallerOrder,
    @Body({ schema: storeKeySchema }) body: StoreKeyBody,
  ): Promise<MapAnswer> {
    return this.views.mapAnswer(await this.byok.store({ ...order, provider: body.provider }, body.key));
  }

  @Delete()
  async remove(
    @CurrentOrder() order: CallerOrder,
    @Body({ schema: removeKeySchema }) body: RemoveKeyBody,
    @Query('provider') queryProvider?: string | string[],
  ): Promise<MapAnswer> {
    const provider = providerToRemove(body, queryProvider);
    return this.views.mapAnswer(await this.byok.remove({ ...order, provider }));
  }

  @Get('config')
  listConfig(): { providers: ListedProvider[] } {
    return { providers: listProviders(this.catalogue) };
  }
}
