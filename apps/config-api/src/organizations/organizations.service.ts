import { randomToken } from '#libs/crypto';
import type { Organization, OrganizationStore } from '#libs/keystore';
import { drawApiToken, formatApiToken } from '../auth/api-token.js';
import type { Caller } from '../auth/caller.js';
import type { CallerService } from '../auth/caller.service.js';
import type { CreateOrganizationBody } from './organization.schema.js';

/** An organization as clients see it. */
export interface OrganizationAnswer {
  id: string;
  name: string;
  parent_org_id?: string;
  created_at: string;
}

export interface CreatedOrganizationAnswer extends OrganizationAnswer {
  /** The organization's token; it is shown this once. */
  api_key: string;
}

/** Organizations and the tokens they begin with. */
export class OrganizationsService {
  constructor(
    private readonly organizations: OrganizationStore,
    private readonly callers: CallerService,
  ) {}

  /** Throws `invalid` when the parent does not exist. */
  async create({ name, parent_org_id }: CreateOrganizationBody): Promise<CreatedOrganizationAnswer> {
    const token = drawApiToken(randomToken);
    const organization = await this.organizations.create({
      name,
      parentId: parent_org_id ?? null,
      token: { id: token.id, hash: this.callers.hashOf(token) },
    });
    return { ...answerOf(organization), api_key: formatApiToken(token) };
  }

  /** All of them for the admin; for a tenant itself and, if wanted, its children. */
  async list(caller: Caller, includeChildren: boolean): Promise<OrganizationAnswer[]> {
    const found =
      caller.kind === 'admin'
        ? await this.organizations.listAll()
        : await this.organizations.listOf(caller.organizationId, includeChildren);
    return found.map(answerOf);
  }
}

function answerOf({ id, name, parentId, createdAt }: Organization): OrganizationAnswer {
  return { id, name, ...(parentId && { parent_org_id: parentId }), created_at: createdAt.toISOString() };
}
