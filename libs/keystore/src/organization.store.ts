import { randomUUID } from 'node:crypto';
import { AppError } from '#libs/errors';
import type { DataSource } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import { ApiToken } from './entities/api-token.entity.js';
import { Organization } from './entities/organization.entity.js';

export interface NewOrganization {
  name: string;
  parentId: string | null;
  /** Its first token: the public id and the keyed hash of the secret part. */
  token: { id: string; hash: Buffer };
}

/** Organizations and their tokens. Not behind row-level security: callers have decided who may ask. */
export class OrganizationStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Creates an organization together with its first token. */
  create(wanted: NewOrganization): Promise<Organization> {
    return translatingDatabaseErrors(() =>
      this.dataSource.transaction(async (manager) => {
        if (wanted.parentId && !(await manager.existsBy(Organization, { id: wanted.parentId }))) {
          throw new AppError('invalid', 'invalid_request', {
            message: 'parent_org_id names no organization.',
            param: 'parent_org_id',
          });
        }
        const organization = await manager.save(
          manager.create(Organization, { id: randomUUID(), name: wanted.name, parentId: wanted.parentId }),
        );
        await manager.insert(ApiToken, { ...wanted.token, organizationId: organization.id });
        return organization;
      }),
    );
  }

  /** All organizations, oldest first. */
  listAll(): Promise<Organization[]> {
    return translatingDatabaseErrors(() =>
      this.dataSource.getRepository(Organization).find({ order: { createdAt: 'ASC', id: 'ASC' } }),
    );
  }

  /** The organization and, if wanted, its direct children. */
  listOf(id: string, includeChildren: boolean): Promise<Organization[]> {
    return translatingDatabaseErrors(() =>
      this.dataSource.getRepository(Organization).find({
        where: includeChildren ? [{ id }, { parentId: id }] : { id },
        order: { createdAt: 'ASC', id: 'ASC' },
      }),
    );
  }

  findToken(id: string): Promise<ApiToken | null> {
    return translatingDatabaseErrors(() => this.dataSource.getRepository(ApiToken).findOneBy({ id }));
  }
}
