import type { SealedApiKey } from '#libs/crypto';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';
import type { FallbackPolicy, SlotState } from './entities/key-slot.entity.js';

/** A slot to look at, and the version whose opened key the asker holds already (its ciphertext is not sent again). */
export interface SlotQuestion {
  organizationId: string;
  provider: string;
  heldVersion?: number | undefined;
}

/** A slot as the primary sees it now. A slot that was never written is `empty` with epoch 0. */
export interface SlotSnapshot {
  organizationId: string;
  provider: string;
  epoch: number;
  state: SlotState;
  /** The slot's own policy, or else the organization's default. */
  fallback: FallbackPolicy;
  expired: boolean;
  /** The only models a call may use; absent: any. */
  allowedModels?: readonly string[];
  region?: string;
  /** Whether child organizations may use the key. */
  shared: boolean;
  /** The organization's agency. */
  parentId?: string;
  current?: {
    version: number;
    secretId: string;
    /** Absent when the asker holds this very version. */
    sealed?: SealedApiKey;
  };
}

type Row = [
  ordinality: string,
  epoch: string | null,
  state: SlotState | null,
  fallback: FallbackPolicy | null,
  expired: boolean | null,
  allowedModels: string[] | null,
  region: string | null,
  shared: boolean | null,
  parentId: string | null,
  version: number | null,
  secretId: string | null,
  tenantKekVersion: number | null,
  wrappedDek: Buffer | null,
  sealedKey: Buffer | null,
];

/** Reads slots for resolving: always from the primary, any number in one round trip and one snapshot. */
export class SlotSnapshotStore {
  private readonly pool: Pool;

  constructor(dataSource: DataSource) {
    this.pool = poolOf(dataSource);
  }

  /** One snapshot for each question, in order; undefined where the organization does not exist. */
  async read(questions: readonly SlotQuestion[]): Promise<(SlotSnapshot | undefined)[]> {
    const result = await translatingDatabaseErrors(() =>
      this.pool.query<Row>({
        name: 'slot-snapshots',
        rowMode: 'array',
        text: snapshotSql,
        values: [
          questions.map((question) => question.organizationId),
          questions.map((question) => question.provider),
          questions.map((question) => question.heldVersion ?? null),
        ],
      }),
    );
    const snapshots = new Array<SlotSnapshot | undefined>(questions.length).fill(undefined);
    for (const row of result.rows) {
      const index = Number(row[0]) - 1;
      snapshots[index] = snapshotOf(questions[index]!, row);
    }
    return snapshots;
  }
}

const snapshotSql = `
  SELECT q.ordinality, s.epoch, s.state, coalesce(s.fallback, o.default_fallback), s.expires_at <= now(),
    s.allowed_models, s.region, s.shared, o.parent_id, v.version, v.secret_id,
    CASE WHEN v.version = q.held_version THEN NULL ELSE v.tenant_kek_version END,
    CASE WHEN v.version = q.held_version THEN NULL ELSE v.wrapped_dek END,
    CASE WHEN v.version = q.held_version THEN NULL ELSE v.sealed_key END
  FROM unnest($1::uuid[], $2::text[], $3::integer[]) WITH ORDINALITY
    AS q (organization_id, provider, held_version, ordinality)
  JOIN organization o ON o.id = q.organization_id
  LEFT JOIN key_slot s ON s.organization_id = q.organization_id AND s.provider = q.provider
  LEFT JOIN key_version v ON v.organization_id = s.organization_id AND v.provider = s.provider
    AND v.version = s.current_version`;

function snapshotOf(question: SlotQuestion, row: Row): SlotSnapshot {
  const [, epoch, state, fallback, expired, allowedModels, region, shared, parentId, ...current] = row;
  const [version, secretId, tenantKekVersion, wrappedDek, sealedKey] = current;
  const snapshot: SlotSnapshot = {
    organizationId: question.organizationId,
    provider: question.provider,
    epoch: Number(epoch ?? 0),
    state: state ?? 'empty',
    fallback: fallback ?? 'when_missing',
    expired: expired ?? false,
    shared: shared ?? false,
    ...(allowedModels && { allowedModels }),
    ...(region && { region }),
    ...(parentId && { parentId }),
  };
  if (version !== null && secretId !== null) {
    snapshot.current = { version, secretId };
    if (tenantKekVersion !== null && wrappedDek && sealedKey) {
      snapshot.current.sealed = { tenantKekVersion, wrappedDek, sealedKey };
    }
  }
  return snapshot;
}
