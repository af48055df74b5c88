import { AppError } from '#libs/errors';
import type { DataSource, EntityManager } from 'typeorm';
import { withinOrganization } from './organization-scope.js';

/** What clients say of an assistant. */
export interface AssistantContent {
  name: string;
  /** Everything but the name, as it came: unknown fields included. */
  body: Record<string, unknown>;
}

/** An assistant of one organization. */
export interface StoredAssistant extends AssistantContent {
  id: string;
  organizationId: string;
  createdAt: Date;
  updatedAt: Date;
}

/** Whether a text can be the id of an assistant; no other is worth a query, and some would fail it. */
export function isAssistantId(id: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(id);
}

/** Where a page ends: the assistant it ended with. */
export interface AssistantPosition {
  /** ISO 8601 in UTC with microseconds, as PostgreSQL counts them. */
  createdAt: string;
  id: string;
}

export interface AssistantPage {
  assistants: StoredAssistant[];
  /** Where the next page goes on; undefined when this is the last. */
  next: AssistantPosition | undefined;
}

/** Assistants, for the organization they belong to: those of another are not there. */
export class AssistantStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Creates an assistant; creating the same one again changes nothing. */
  create(organizationId: string, id: string, { name, body }: AssistantContent): Promise<StoredAssistant> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      await manager.query(
        `INSERT INTO assistant (organization_id, id, name, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
        [organizationId, id, name, JSON.stringify(body)],
      );
      return assistantOf((await read(manager, organizationId, id))!);
    });
  }

  /** At most `limit` assistants, the newest first; those made meanwhile never move the later pages. */
  list(
    organizationId: string,
    { limit, after }: { limit: number; after?: AssistantPosition | undefined },
  ): Promise<AssistantPage> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      const rows = await manager.query<AssistantRow[]>(
        `SELECT ${columns} FROM assistant WHERE organization_id = $1 ${after ? 'AND (created_at, id) < ($3, $4)' : ''}
         ORDER BY created_at DESC, id DESC LIMIT $2`,
        [organizationId, limit + 1, ...(after ? [after.createdAt, after.id] : [])],
      );
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        assistants: rows.slice(0, limit).map(assistantOf),
        next: last && { createdAt: last.position, id: last.id },
      };
    });
  }

  find(organizationId: string, id: string): Promise<StoredAssistant | undefined> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      const row = await read(manager, organizationId, id);
      return row && assistantOf(row);
    });
  }

  /** Stores what `change` makes of the assistant, which nobody else changes meanwhile. Throws `not_found`. */
  update(
    organizationId: string,
    id: string,
    change: (before: StoredAssistant) => AssistantContent,
  ): Promise<StoredAssistant> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      const before = await read(manager, organizationId, id, 'FOR UPDATE');
      if (!before) throw noSuchAssistant();
      const { name, body } = change(assistantOf(before));
      const [rows] = await manager.query<[AssistantRow[], number]>(
        `UPDATE assistant SET name = $3, body = $4, updated_at = clock_timestamp()
         WHERE organization_id = $1 AND id = $2 RETURNING ${columns}`,
        [organizationId, id, name, JSON.stringify(body)],
      );
      return assistantOf(rows[0]!);
    });
  }

  /** Throws `not_found`. */
  remove(organizationId: string, id: string): Promise<void> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      if (!isAssistantId(id)) throw noSuchAssistant();
      const [, count] = await manager.query<[unknown, number]>(
        `DELETE FROM assistant WHERE organization_id = $1 AND id = $2`,
        [organizationId, id],
      );
      if (count === 0) throw noSuchAssistant();
    });
  }
}

/** The answer wherever an organization names an assistant that it does not have. */
export function noSuchAssistant(): AppError {
  return new AppError('not_found', 'not_found', { message: 'There is no such assistant.', param: 'id' });
}

interface AssistantRow {
  id: string;
  organization_id: string;
  name: string;
  body: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
  position: string;
}

const columns = `id, organization_id, name, body, created_at, updated_at,
  to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS position`;

async function read(
  manager: EntityManager,
  organizationId: string,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<AssistantRow | undefined> {
  if (!isAssistantId(id)) return undefined;
  const rows = await manager.query<AssistantRow[]>(
    `SELECT ${columns} FROM assistant WHERE organization_id = $1 AND id = $2 ${lock}`,
    [organizationId, id],
  );
  return rows[0];
}

function assistantOf(row: AssistantRow): StoredAssistant {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    body: row.body,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
