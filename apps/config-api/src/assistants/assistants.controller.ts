import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentOrganizationId } from '../auth/current-caller.js';
import { CurrentDraw } from '../idempotency/current-draw.js';
import type { DrawBytes } from '../idempotency/repeatable-draw.js';
import {
  assistantAnswer,
  assistantsAnswer,
  createAssistantSchema,
  listAssistantsSchema,
  patchAssistantSchema,
  removedAnswer,
} from './assistant.schema.js';
import type {
  AssistantAnswer,
  AssistantsAnswer,
  CreateAssistantBody,
  ListAssistantsQuery,
  PatchAssistantBody,
  RemovedAnswer,
} from './assistant.schema.js';
import { AssistantsService } from './assistants.service.js';

/** Assistants: what `assistant_id` stands for when a call starts. Clients of the older name say agents. */
@Controller(['api/v1/assistants', 'api/v1/agents'])
@RequiresCaller('tenant')
@RequiresScope('assistants:write')
export class AssistantsController {
  constructor(private readonly assistants: AssistantsService) {}

  @Post()
  @Answers(201, assistantAnswer, {
    summary: 'Create an assistant',
    description:
      'Only the name is needed. Providers, models and voices are those of `GET /api/v1/byok/config` (`offerings`).',
  })
  async create(
    @CurrentOrganizationId() organizationId: string,
    @Body({ schema: createAssistantSchema }) body: CreateAssistantBody,
    @CurrentDraw() draw: DrawBytes,
  ): Promise<AssistantAnswer> {
    return { assistant: await this.assistants.create(organizationId, body, draw) };
  }

  @Get()
  @RequiresScope('byok:read', 'assistants:write')
  @Answers(200, assistantsAnswer, { summary: 'Assistants, the newest first, page by page' })
  list(
    @CurrentOrganizationId() organizationId: string,
    @Query({ schema: listAssistantsSchema }) query: ListAssistantsQuery,
  ): Promise<AssistantsAnswer> {
    return this.assistants.list(organizationId, query);
  }

  @Get(':id')
  @RequiresScope('byok:read', 'assistants:write')
  @Answers(200, assistantAnswer, { summary: 'One assistant', errors: [404] })
  async read(@CurrentOrganizationId() organizationId: string, @Param('id') id: string): Promise<AssistantAnswer> {
    return { assistant: await this.assistants.get(organizationId, id) };
  }

  @Patch(':id')
  @Answers(200, assistantAnswer, {
    summary: 'Change an assistant',
    description:
      'The sections `stt_config`, `llm_config`, `tts_config` and `analysis_plan` merge field by field, and `null` ' +
      'removes one; any other field is replaced.',
    errors: [404],
  })
  async patch(
    @CurrentOrganizationId() organizationId: string,
    @Param('id') id: string,
    @Body({ schema: patchAssistantSchema }) body: PatchAssistantBody,
  ): Promise<AssistantAnswer> {
    return { assistant: await this.assistants.patch(organizationId, id, body) };
  }

  @Delete(':id')
  @Answers(200, removedAnswer, { summary: 'Delete an assistant', errors: [404] })
  async remove(@CurrentOrganizationId() organizationId: string, @Param('id') id: string): Promise<RemovedAnswer> {
    await this.assistants.remove(organizationId, id);
    return { success: true };
  }
}
