import { Body, Controller, Param, Post } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentOrganizationId } from '../auth/current-caller.js';
import { assistantPreflightSchema, inlinePreflightSchema, preflightAnswer } from './preflight.schema.js';
import type { AssistantPreflightBody, InlinePreflightBody, PreflightAnswer } from './preflight.schema.js';
import { PreflightService } from './preflight.service.js';

/** Whether a call would have its keys, before there is one. */
@Controller('api/v1')
@RequiresCaller('tenant')
@RequiresScope('byok:read', 'assistants:write')
export class PreflightController {
  constructor(private readonly preflight: PreflightService) {}

  @Post(['assistants/:id/preflight', 'agents/:id/preflight'])
  @Answers(200, preflightAnswer, {
    summary: 'Whether a call with this assistant would work',
    description: "Decided as a call would be at this moment. Sections of `config` take the place of the assistant's.",
    errors: [404],
  })
  assistant(
    @CurrentOrganizationId() organizationId: string,
    @Param('id') assistantId: string,
    @Body({ schema: assistantPreflightSchema }) { live, ...overrides }: AssistantPreflightBody,
  ): Promise<PreflightAnswer> {
    return this.preflight.check({ organizationId, assistantId, ...overrides }, live);
  }

  @Post('preflight')
  @Answers(200, preflightAnswer, { summary: 'Whether a call with this configuration would work' })
  inline(
    @CurrentOrganizationId() organizationId: string,
    @Body({ schema: inlinePreflightSchema }) { live, ...call }: InlinePreflightBody,
  ): Promise<PreflightAnswer> {
    return this.preflight.check({ organizationId, ...call }, live);
  }
}
