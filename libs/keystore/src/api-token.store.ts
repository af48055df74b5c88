import { AppError } from '#libs/errors';
import type { Pool } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';
import { ApiToken } from './entities/api-token.entity.js';
import { withinOrganization } from './organization-scope.js';
import { secretIdsSql } from './secret-ids.js';
import { TurnBatch } from './turn-batch.js';

/** What is known of a token that somebody presents. */
export type PresentedToken = Pick<ApiToken, 'id' | 'organizationId' | 'hash' | 'scopes' | 'expiresAt' | 'revokedAt'> & {
  /** Whether the organization that was asked about is a direct child of the token's own. */
  isParentOfChild: boolean;
  /** Of that child, or else of the token's own organization, if they were asked for: see `readSecretIds`. */
  secretIds: Readonly<Record<string, string>> | null;
};

/** A token to look up, and what else to read with it. */
export interface AskedToken {
  id: string;
  /** An organization to ask about; null: none. */
  childId: string | null;
  /** Whether the secret ids of the slots are read too, in the same round trip: clients read them most. */
  withSecretIds: boolean;
}

const askedMax = 500;
const patienceMs = 5;

export type NewApiToken = Pick<ApiToken, 'id' | 'organizationId' | 'hash' | 'name' | 'scopes' | 'expiresAt'>;

export interface TokenPage {
  /** Newest first. */
  tokens: ApiToken[];
  /** The id to go on after; null at the end. */
  next: string | null;
}

/** Bearer tokens of organizations. */
export class ApiTokenStore {
  private readonly pool: Pool;
  private readonly asking = new TurnBatch((asked: readonly AskedToken[]) => this.findAll(asked), askedMax, patienceMs);

  constructor(private readonly dataSource: DataSource) {
    this.pool = poolOf(dataSource);
  }

  /** Always from the primary, so that a revoked token is refused at once; requests that arrive together ask together. */
  find(asked: AskedToken): Promise<PresentedToken | undefined> {
    return this.asking.askOne(asked);
  }

  /** Adds a token; adding the same one again changes nothing. `not_found` when there is no such organization. */
  create(token: NewApiToken): Promise<ApiToken> {
    return withinOrganization(this.dataSource, token.organizationId, async (manager) => {
      await assertOrganization(manager, token.organizationId);
      await manager.createQueryBuilder().insert().into(ApiToken).values(token).orIgnore().execute();
      return manager.findOneByOrFail(ApiToken, { id: token.id });
    });
  }

  /** A page of at most `limit` tokens, revoked and expired ones too; `not_found` when there is no such organization. */
  list(organizationId: string, page: { limit: number; after?: string | undefined }): Promise<TokenPage> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      await assertOrganization(manager, organizationId);
      const query = manager
        .createQueryBuilder(ApiToken, 'token')
        .where('token.organization_id = :organizationId', { organizationId })
        .orderBy('token.created_at', 'DESC')
        .addOrderBy('token.id', 'DESC')
        .limit(page.limit + 1);
      if (page.after !== undefined) query.andWhere(laterPageSql, { organizationId, after: page.after });
      const found = await query.getMany();
      const tokens = found.slice(0, page.limit);
      return { tokens, next: found.length > page.limit ? tokens.at(-1)!.id : null };
    });
  }

  /**
   * The token is refused when the promise resolves; revoking it again changes nothing. `not_found` when the organization
   * has no such token; `conflict` when `keepsAdmin` is set and no other token of the organization could make new ones for
   * another day.
   */
  revoke(id: { organizationId: string; tokenId: string }, { keepsAdmin }: { keepsAdmin: boolean }): Promise<ApiToken> {
    const { organizationId, tokenId } = id;
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      const admins = await lockAdminTokens(manager, organizationId);
      const token = await manager.findOneBy(ApiToken, { organizationId, id: tokenId });
      if (!token) throw new AppError('not_found', 'not_found', { message: 'There is no such token.', param: 'id' });
      if (token.revokedAt) return token;
      const isAdmin = admins.some((admin) => admin.id === tokenId);
      const othersLast = admins.some((admin) => admin.id !== tokenId && admin.lasts);
      if (keepsAdmin && isAdmin && !othersLast) throw lastAdminToken();
      token.revokedAt = new Date();
      return manager.save(token);
    });
  }

  /** Notes the use of tokens, for each once a minute at most, whoever else notes it. */
  async noteUse(ids: readonly string[]): Promise<void> {
    await translatingDatabaseErrors(() =>
      this.pool.query(
        `UPDATE api_token SET last_used_at = now()
         WHERE id = ANY($1) AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
        [ids],
      ),
    );
  }

  private async findAll(asked: readonly AskedToken[]): Promise<(PresentedToken | undefined)[]> {
    const values = [
      asked.map(({ id }) => id),
      asked.map(({ childId }) => childId),
      asked.map(({ withSecretIds }) => withSecretIds),
    ];
    const { rows } = await translatingDatabaseErrors(() =>
      this.pool.query<PresentedToken & { at: number }>({ name: 'presented-tokens', text: presentedSql, values }),
    );
    const found = new Map(rows.map((row) => [row.at, row]));
    return asked.map((_, index) => found.get(index + 1));
  }
}

const presentedSql = `
  SELECT asked.at::int, t.id, t.organization_id AS "organizationId", t.hash, t.scopes, t.expires_at AS "expiresAt",
    t.revoked_at AS "revokedAt", child.id IS NOT NULL AS "isParentOfChild",
    CASE WHEN asked.with_secret_ids THEN (
      SELECT coalesce(json_object_agg(ids.provider, ids.secret_id), '{}')
      FROM (${secretIdsSql('coalesce(child.id, t.organization_id)')}) AS ids) END AS "secretIds"
  FROM unnest($1::text[], $2::uuid[], $3::boolean[]) WITH ORDINALITY AS asked (id, child_id, with_secret_ids, at)
  JOIN api_token t ON t.id = asked.id
  LEFT JOIN organization child ON child.id = asked.child_id AND child.parent_id = t.organization_id`;

const laterPageSql = `(token.created_at, token.id) <
  (SELECT after.created_at, after.id FROM api_token after WHERE after.organization_id = :organizationId AND after.id = :after)`;

async function assertOrganization(manager: EntityManager, id: string): Promise<void> {
  const rows = await manager.query<unknown[]>('SELECT FROM organization WHERE id = $1', [id]);
  if (rows.length === 0) {
    throw new AppError('not_found', 'not_found', { message: 'There is no such organization.' });
  }
}

/** The good ones that have the scope `admin`: two that revoke each other's last one wait here. */
function lockAdminTokens(manager: EntityManager, organizationId: string): Promise<{ id: string; lasts: boolean }[]> {
  return manager.query(
    `SELECT id, expires_at IS NULL OR expires_at > now() + interval '1 day' AS lasts FROM api_token
     WHERE organization_id = $1 AND 'admin' = ANY(scopes) AND revoked_at IS NULL
       AND (expires_at IS NULL OR expires_at > now())
     ORDER BY id FOR UPDATE`,
    [organizationId],
  );
}

function lastAdminToken(): AppError {
  return new AppError('conflict', 'last_admin_token', {
    message: 'No other token with the scope admin lasts another day: make one first, or ask the operator.',
    param: 'id',
  });
}
