import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import type { Caller } from '../auth/caller.js';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentCaller } from '../auth/current-caller.js';
import { CurrentDraw } from '../idempotency/current-draw.js';
import type { DrawBytes } from '../idempotency/repeatable-draw.js';
import {
  changeOrganizationSchema,
  createdOrganizationAnswer,
  createOrganizationSchema,
  listOrganizationsSchema,
  organizationAnswer,
  organizationsAnswer,
} from './organization.schema.js';
import type {
  ChangeOrganizationBody,
  CreatedOrganizationAnswer,
  CreateOrganizationBody,
  ListOrganizationsQuery,
  OrganizationAnswer,
  OrganizationsAnswer,
} from './organization.schema.js';
import { OrganizationsService } from './organizations.service.js';

/** Organizations: made by the operator or by their agency, changed by themselves too. */
@Controller()
@RequiresScope('admin')
export class OrganizationsController {
  constructor(private readonly organizations: OrganizationsService) {}

  @Get('api/v1/organizations')
  @Answers(200, organizationsAnswer, { summary: 'The organization itself and, if wanted, its children' })
  @RequiresCaller('tenant', 'admin')
  list(
    @CurrentCaller() caller: Caller,
    @Query({ schema: listOrganizationsSchema }) query: ListOrganizationsQuery,
  ): Promise<OrganizationsAnswer> {
    return this.organizations.list(caller, query);
  }

  @Post('api/v1/organizations')
  @Answers(201, createdOrganizationAnswer, {
    summary: 'Create an organization',
    description: 'The operator creates any; an organization creates children of its own.',
  })
  @RequiresCaller('tenant', 'admin')
  create(
    @CurrentCaller() caller: Caller,
    @Body({ schema: createOrganizationSchema }) body: CreateOrganizationBody,
    @CurrentDraw() draw: DrawBytes,
  ): Promise<CreatedOrganizationAnswer> {
    return this.organizations.create(caller, body, draw);
  }

  @Patch('api/v1/organizations/:id')
  @Answers(200, organizationAnswer, {
    summary: 'Change an organization: its own, or a child',
    description:
      'Another `default_fallback` raises the epoch of every slot that has no policy of its own: calls that begin ' +
      'afterwards follow it.',
    errors: [404],
  })
  @RequiresCaller('tenant', 'admin')
  change(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: changeOrganizationSchema }) body: ChangeOrganizationBody,
  ): Promise<OrganizationAnswer> {
    return this.organizations.change(caller, id, body);
  }

  @Get('admin/v1/organizations')
  @Answers(200, organizationsAnswer, { summary: 'Every organization' })
  @RequiresCaller('admin')
  listAll(
    @CurrentCaller() caller: Caller,
    @Query({ schema: listOrganizationsSchema }) query: ListOrganizationsQuery,
  ): Promise<OrganizationsAnswer> {
    return this.organizations.list(caller, query);
  }

  @Patch('admin/v1/organizations/:id')
  @Answers(200, organizationAnswer, { summary: 'Change any organization', errors: [404] })
  @RequiresCaller('admin')
  changeAny(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: changeOrganizationSchema }) body: ChangeOrganizationBody,
  ): Promise<OrganizationAnswer> {
    return this.organizations.change(caller, id, body);
  }
}
