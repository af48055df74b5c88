import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { RequiresCaller } from '../auth/caller.guard.js';
import { CurrentCaller } from '../auth/current-caller.js';
import { createOrganizationSchema, listOrganizationsSchema } from './organization.schema.js';
import type { CreateOrganizationBody, ListOrganizationsQuery } from './organization.schema.js';
import {
  OrganizationsService,
  type CreatedOrganizationAnswer,
  type OrganizationAnswer,
} from './organizations.service.js';

/** Organizations: made by the operator, seen by themselves. */
@Controller()
export class OrganizationsController {
  constructor(private readonly organizations: OrganizationsService) {}

  @Get('api/v1/organizations')
  @RequiresCaller('tenant', 'admin')
  async list(
    @CurrentCaller() caller: Caller,
    @Query({ schema: listOrganizationsSchema }) query: ListOrganizationsQuery,
  ): Promise<{ organizations: OrganizationAnswer[] }> {
    const includeChildren = query.include_children === 'true' || query.include_children === '1';
    return { organizations: await this.organizations.list(caller, includeChildren) };
  }

  @Post('api/v1/organizations')
  @RequiresCaller('admin')
  create(@Body({ schema: createOrganizationSchema }) body: CreateOrganizationBody): Promise<CreatedOrganizationAnswer> {
    return this.organizations.create(body);
  }

  @Get('admin/v1/organizations')
  @RequiresCaller('admin')
  async listAll(@CurrentCaller() caller: Caller): Promise<{ organizations: OrganizationAnswer[] }> {
    return { organizations: await this.organizations.list(caller, true) };
  }
}
