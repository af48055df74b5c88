import { AppError } from '#libs/errors';
import type { Organization, OrganizationStore } from '#libs/keystore';
import { drawApiToken, formatApiToken } from '../auth/api-token.js';
import { actorOf, type Caller } from '../auth/caller.js';
import type { CallerService } from '../auth/caller.service.js';
import { drawUuid, type DrawBytes } from '../idempotency/repeatable-draw.js';
import { checkedOrganizationId, noSuchOrganization } from './named-organization.js';
import type {
  ChangeOrganizationBody,
  CreatedOrganizationAnswer,
  CreateOrganizationBody,
  ListOrganizationsQuery,
  OrganizationAnswer,
  OrganizationsAnswer,
} from './organization.schema.js';

/** Organizations and the tokens they begin with. */
export class OrganizationsService {
  constructor(
    private readonly organizations: OrganizationStore,
    private readonly callers: CallerService,
  ) {}

  /**
   * The operator makes any, an organization children of its own, whose first token may do what the maker's may. Throws
   * `invalid` when the parent does not exist, `forbidden` for another's child.
   */
  async create(
    caller: Caller,
    { name, parent_org_id }: CreateOrganizationBody,
    draw: DrawBytes,
  ): Promise<CreatedOrganizationAnswer> {
    const id = drawUuid(draw);
    const token = drawApiToken(draw);
    const organization = await this.organizations.create({
      id,
      name,
      parentId: parentOf(caller, parent_org_id ?? null),
      token: {
        id: token.id,
        hash: this.callers.hashOf(token),
        ...(caller.kind === 'tenant' && { scopes: caller.scopes }),
      },
    });
    return { ...answerOf(organization), api_key: formatApiToken(token) };
  }

  /** All of them for the admin; for a tenant itself and, if wanted, its children. */
  async list(caller: Caller, query: ListOrganizationsQuery): Promise<OrganizationsAnswer> {
    if (caller.kind === 'tenant' && !query.include_children) {
      const own = await this.organizations.find(caller.organizationId);
      return { organizations: own ? [answerOf(own)] : [], next_cursor: null };
    }
    const family = caller.kind === 'tenant' && { family: caller.organizationId };
    const { organizations, next } = await this.organizations.list({
      limit: query.limit,
      after: query.cursor,
      ...family,
    });
    return { organizations: organizations.map(answerOf), next_cursor: next };
  }

  /** Throws `not_found` unless the caller is the operator, the organization itself or its parent. */
  async change(caller: Caller, id: string, body: ChangeOrganizationBody): Promise<OrganizationAnswer> {
    const organizationId = checkedOrganizationId(id);
    await this.assertInReach(caller, organizationId);
    const change = { name: body.name, defaultFallback: body.default_fallback };
    return answerOf(await this.organizations.change(organizationId, change, actorOf(caller)));
  }

  private async assertInReach(caller: Caller, id: string): Promise<void> {
    if (caller.kind === 'admin' || id === caller.organizationId) return;
    const organization = await this.organizations.find(id);
    if (organization?.parentId !== caller.organizationId) throw noSuchOrganization();
  }
}

function parentOf(caller: Caller, wanted: string | null): string | null {
  if (caller.kind === 'admin') return wanted;
  if (wanted === null || wanted.toLowerCase() === caller.organizationId) return caller.organizationId;
  throw new AppError('forbidden', 'forbidden', {
    message: 'An organization can only make children of its own: leave parent_org_id out.',
    param: 'parent_org_id',
  });
}

function answerOf({ id, name, parentId, defaultFallback, createdAt }: Organization): OrganizationAnswer {
  return {
    id,
    name,
    ...(parentId && { parent_org_id: parentId }),
    default_fallback: defaultFallback ?? 'when_missing',
    created_at: createdAt.toISOString(),
  };
}
