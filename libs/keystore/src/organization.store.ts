import { AppError } from '#libs/errors';
import type { DataSource, EntityManager } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import { ApiToken } from './entities/api-token.entity.js';
import type { FallbackPolicy } from './entities/key-slot.entity.js';
import { KeyVersion } from './entities/key-version.entity.js';
import { Organization } from './entities/organization.entity.js';
import { recordKeyChanges } from './key-change.store.js';
import { platformOrganizationId } from './organization-id.js';
import { withinOrganization } from './organization-scope.js';

export interface NewOrganization {
  id: string;
  name: string;
  parentId: string | null;
  /** Its first token: the public id, the keyed hash of the secret part, and what it may do (absent: everything). */
  token: { id: string; hash: Buffer; scopes?: string[] };
}

/** What is absent stays as it is. */
export interface OrganizationChange {
  name?: string | undefined;
  /** Null: back to `when_missing`. */
  defaultFallback?: FallbackPolicy | null | undefined;
}

export interface OrganizationPage {
  /** Oldest first. */
  organizations: Organization[];
  /** The id to go on after; null at the end. */
  next: string | null;
}

/** Organizations. Callers have decided who may ask. */
export class OrganizationStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Creates an organization together with its first token; creating the same one again changes nothing. */
  create({ id, name, parentId, token }: NewOrganization): Promise<Organization> {
    return translatingDatabaseErrors(() =>
      this.dataSource.transaction(async (manager) => {
        if (parentId && !(await canHaveChildren(manager, parentId))) {
          throw new AppError('invalid', 'invalid_request', {
            message: 'parent_org_id names no organization.',
            param: 'parent_org_id',
          });
        }
        await insertOnce(manager, Organization, { id, name, parentId });
        await insertOnce(manager, ApiToken, { ...token, organizationId: id });
        return manager.findOneByOrFail(Organization, { id });
      }),
    );
  }

  /** Of all organizations, or of one and its direct children. */
  list(of: { family?: string; limit: number; after?: string | undefined }): Promise<OrganizationPage> {
    return translatingDatabaseErrors(async () => {
      const query = this.dataSource
        .createQueryBuilder(Organization, 'o')
        .orderBy('o.created_at', 'ASC')
        .addOrderBy('o.id', 'ASC')
        .limit(of.limit + 1);
      if (of.family) query.andWhere('(o.id = :family OR o.parent_id = :family)', { family: of.family });
      if (of.after) query.andWhere(laterPageSql, { after: of.after });
      const found = await query.getMany();
      const organizations = found.slice(0, of.limit);
      return { organizations, next: found.length > of.limit ? organizations.at(-1)!.id : null };
    });
  }

  find(id: string): Promise<Organization | null> {
    return translatingDatabaseErrors(() => this.dataSource.getRepository(Organization).findOneBy({ id }));
  }

  /**
   * One transaction: another default fallback changes which keys calls get from every slot without a policy of its own,
   * so each of these has its epoch raised and its change recorded. `not_found` when there is no such organization.
   */
  change(id: string, wanted: OrganizationChange, actor: string): Promise<Organization> {
    return withinOrganization(this.dataSource, id, async (manager) => {
      const organization = await manager.findOne(Organization, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!organization) {
        throw new AppError('not_found', 'not_found', { message: 'There is no such organization.', param: 'id' });
      }
      const before = organization.defaultFallback ?? 'when_missing';
      if (wanted.name !== undefined) organization.name = wanted.name;
      if (wanted.defaultFallback !== undefined) organization.defaultFallback = wanted.defaultFallback;
      await manager.save(organization);
      if ((organization.defaultFallback ?? 'when_missing') !== before) await recordFollowers(manager, id, actor);
      return organization;
    });
  }
}

const laterPageSql = `(o.created_at, o.id) > (SELECT after.created_at, after.id FROM organization after WHERE after.id = :after)`;

/** The platform's keys are everybody's defaults: it is nobody's agency. */
async function canHaveChildren(manager: EntityManager, id: string): Promise<boolean> {
  return id !== platformOrganizationId && (await manager.existsBy(Organization, { id }));
}

async function insertOnce<T extends Organization | ApiToken>(
  manager: EntityManager,
  entity: new () => T,
  row: Partial<T>,
): Promise<void> {
  await manager.createQueryBuilder().insert().into<Organization | ApiToken>(entity).values(row).orIgnore().execute();
}

/** Raises the epoch of every slot that follows the organization's default. */
async function recordFollowers(manager: EntityManager, organizationId: string, actor: string): Promise<void> {
  await manager.query(
    `SELECT FROM key_slot WHERE organization_id = $1 AND fallback IS NULL ORDER BY provider FOR UPDATE`,
    [organizationId],
  );
  const [slots] = await manager.query<[FollowerRow[], number]>(
    `UPDATE key_slot SET epoch = epoch + 1 WHERE organization_id = $1 AND fallback IS NULL
     RETURNING provider, epoch, current_version`,
    [organizationId],
  );
  const versions = await manager.findBy(KeyVersion, { organizationId });
  const changes = slots.map(({ provider, epoch, current_version }) => {
    const current = versions.find((one) => one.provider === provider && one.version === current_version) ?? null;
    return { organizationId, provider, change: 'policy_changed' as const, epoch: Number(epoch), current, actor };
  });
  await recordKeyChanges(manager, changes);
}

interface FollowerRow {
  provider: string;
  epoch: string;
  current_version: number | null;
}
