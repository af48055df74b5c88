import { Controller, Get, Param } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentOrganizationId } from '../auth/current-caller.js';
import { liveModelsAnswer, liveVoicesAnswer } from './live-list.schema.js';
import type { LiveModelsAnswer, LiveVoicesAnswer } from './live-list.schema.js';
import { LiveListService } from './live-list.service.js';

/** What an organization's own key may use, asked of the provider. */
@Controller('api/v1/byok/providers')
@RequiresCaller('tenant')
@RequiresScope('byok:read')
export class LiveListController {
  constructor(private readonly lists: LiveListService) {}

  @Get(':provider/models')
  @Answers(200, liveModelsAnswer, {
    summary: 'The models that the provider offers for your key',
    description: 'Asked with the stored key of your organization, and remembered for a minute.',
    errors: ['no_key', 'provider_refused', 'provider_unavailable'],
  })
  models(
    @CurrentOrganizationId() organizationId: string,
    @Param('provider') provider: string,
  ): Promise<LiveModelsAnswer> {
    return this.lists.models({ organizationId, provider });
  }

  @Get(':provider/voices')
  @Answers(200, liveVoicesAnswer, {
    summary: 'The voices that the provider offers for your key',
    description: 'Of ElevenLabs, those in the Voice Library of your own account. Remembered for a minute.',
    errors: ['no_key', 'provider_refused', 'provider_unavailable'],
  })
  voices(
    @CurrentOrganizationId() organizationId: string,
    @Param('provider') provider: string,
  ): Promise<LiveVoicesAnswer> {
    return this.lists.voices({ organizationId, provider });
  }
}
