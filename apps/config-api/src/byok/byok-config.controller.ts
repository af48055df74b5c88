import { Body, Controller, Get, Post } from '@nestjs/common';
import { Catalogue } from '#libs/catalogue';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentOrganizationId } from '../auth/current-caller.js';
import { providersAnswer, type ProvidersAnswer } from './key-answers.schema.js';
import { listProviders } from './provider-listing.js';
import { mergeSettingsSchema, settingsAnswer } from './provider-settings.schema.js';
import type { MergeSettingsBody, SettingsAnswer } from './provider-settings.schema.js';
import { ProviderSettingsService } from './provider-settings.service.js';

/** Which providers there are, and what an organization has set for its own use of them. */
@Controller(['api/v1/byok/config', 'admin/v1/platform/byok/config'])
@RequiresCaller()
@RequiresScope('byok:write')
export class ByokConfigController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly settings: ProviderSettingsService,
  ) {}

  @Get()
  @RequiresScope('byok:read')
  @Answers(200, providersAnswer, { summary: 'The catalogue: providers with their models' })
  list(): ProvidersAnswer {
    return { providers: listProviders(this.catalogue) };
  }

  @Post()
  @Answers(200, settingsAnswer, {
    summary: 'Merge settings of a provider',
    description: 'A key must be stored first. What looks like a key is refused: settings are not sealed.',
    errors: [404],
  })
  merge(
    @CurrentOrganizationId() organizationId: string,
    @Body({ schema: mergeSettingsSchema }) { provider, config }: MergeSettingsBody,
  ): Promise<SettingsAnswer> {
    return this.settings.merge(organizationId, provider, config);
  }
}
