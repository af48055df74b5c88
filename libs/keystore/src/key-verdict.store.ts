import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';
import { withinOrganization } from './organization-scope.js';
import type { RecordedVerdict } from './recorded-verdict.js';
import type { SlotId } from './slot-change.js';

/** One version of a slot. */
export interface VersionRef extends SlotId {
  version: number;
}

/** What a provider said of a stored key, and when. */
export type StoredVerdict = RecordedVerdict & { validatedAt: Date };

/** A version whose key is to be checked now, by the one who took it. */
export interface DueCheck extends VersionRef {
  /** How many checks in a row have not ended well. */
  checkCount: number;
}

/** A key is probed no more often for reports: those that come in meanwhile wait, and cost one probe together. */
const betweenProbesSeconds = 30;
/** A check whose taker has died is due again after so long. */
const leaseSeconds = 30;

/** What providers said of stored keys, and which keys are to be asked about again. Verdicts stay with their version. */
export class KeyVerdictStore {
  private readonly pool: Pool;

  constructor(private readonly dataSource: DataSource) {
    this.pool = poolOf(dataSource);
  }

  /**
   * Keeps the outcome of a check; one that leaves open whether the key is good does not replace one that said it.
   * `nextCheckAt` null: the key need not be checked again, unless that was requested after the check began.
   */
  async record(id: SlotId, version: number, verdict: RecordedVerdict, nextCheckAt: Date | null): Promise<void> {
    const { verdict: word, ...detail } = verdict;
    await withinOrganization(this.dataSource, id.organizationId, (manager) =>
      manager.query(recordSql, [id.organizationId, id.provider, version, word, JSON.stringify(detail), nextCheckAt]),
    );
  }

  /**
   * Makes the check of these versions due, of those that are in use: now, or half a minute after the last one began.
   * @returns how many will be checked earlier, or once more, because of this.
   */
  async requestChecks(refs: readonly VersionRef[]): Promise<number> {
    const values = [
      refs.map((ref) => ref.organizationId),
      refs.map((ref) => ref.provider),
      refs.map((ref) => ref.version),
    ];
    const [, count] = await translatingDatabaseErrors(() =>
      this.dataSource.query<[unknown[], number]>(requestSql, values),
    );
    return count;
  }

  /** What was said of these versions, by secret id, whoever they belong to; nothing of those that were never asked about. */
  async findBySecretIds(secretIds: readonly string[]): Promise<Map<string, StoredVerdict>> {
    if (secretIds.length === 0) return new Map();
    const { rows } = await translatingDatabaseErrors(() =>
      this.pool.query<StoredRow>({ name: 'stored-verdicts', text: storedSql, values: [secretIds] }),
    );
    return new Map(
      rows.map((row) => [
        row.secret_id,
        { ...row.verdict_detail, verdict: row.verdict, validatedAt: row.validated_at },
      ]),
    );
  }

  /** Up to `limit` versions to check now. Nobody else gets them for half a minute; `record` says when they are due next. */
  async takeDue(limit: number): Promise<DueCheck[]> {
    const rows = await translatingDatabaseErrors(() => this.dataSource.query<DueRow[]>(takeDueSql, [limit]));
    return rows.map((row) => ({
      organizationId: row.organization_id,
      provider: row.provider,
      version: row.version,
      checkCount: row.check_count,
    }));
  }
}

interface StoredRow {
  secret_id: string;
  verdict: string;
  verdict_detail: Omit<RecordedVerdict, 'verdict'>;
  validated_at: Date;
}

const storedSql = `
  SELECT secret_id, verdict, verdict_detail, validated_at FROM key_version
  WHERE secret_id = ANY ($1::uuid[]) AND verdict IS NOT NULL`;

interface DueRow {
  organization_id: string;
  provider: string;
  version: number;
  check_count: number;
}

const saysNothing = `$4::text IN ('unreachable', 'rate_limited', 'unverified') AND verdict IS NOT NULL`;

const soonest = `greatest(now(), v.check_started_at + make_interval(secs => ${betweenProbesSeconds}))`;

const recordSql = `
  UPDATE key_version v SET
    check_due_at = CASE WHEN $6::timestamptz IS NULL AND check_requested_at > check_started_at THEN ${soonest} ELSE $6 END,
    verdict = CASE WHEN ${saysNothing} THEN verdict ELSE $4 END,
    verdict_detail = CASE WHEN ${saysNothing} THEN verdict_detail ELSE $5 END,
    validated_at = CASE WHEN ${saysNothing} THEN validated_at ELSE now() END,
    failed_at = CASE WHEN $4 IN ('invalid', 'blocked') THEN now() ELSE failed_at END,
    check_count = CASE WHEN $6::timestamptz IS NULL THEN 0 ELSE check_count + 1 END
  WHERE organization_id = $1 AND provider = $2 AND version = $3`;

const requestSql = `
  UPDATE key_version v SET check_requested_at = now(), check_due_at = least(v.check_due_at, ${soonest})
  FROM unnest($1::uuid[], $2::text[], $3::integer[]) AS q (organization_id, provider, version), key_slot s
  WHERE v.organization_id = q.organization_id AND v.provider = q.provider AND v.version = q.version
    AND s.organization_id = v.organization_id AND s.provider = v.provider
    AND s.state = 'active' AND s.current_version = v.version
    AND (v.check_due_at IS NULL OR v.check_due_at > ${soonest}
      OR coalesce(v.check_requested_at, '-infinity') <= v.check_started_at)`;

/** Versions that are not in use any more are found too, and forgotten. */
const takeDueSql = `
  WITH due AS (
    SELECT v.organization_id, v.provider, v.version,
      s.state IN ('active', 'quarantined') AND s.current_version = v.version AS in_use
    FROM key_version v JOIN key_slot s ON s.organization_id = v.organization_id AND s.provider = v.provider
    WHERE v.check_due_at <= now()
    ORDER BY v.check_due_at LIMIT $1 FOR UPDATE OF v SKIP LOCKED),
  taken AS (
    UPDATE key_version v SET check_started_at = now(),
      check_due_at = CASE WHEN due.in_use THEN now() + make_interval(secs => ${leaseSeconds}) END
    FROM due WHERE v.organization_id = due.organization_id AND v.provider = due.provider AND v.version = due.version
    RETURNING v.organization_id, v.provider, v.version, v.check_count, due.in_use)
  SELECT organization_id, provider, version, check_count FROM taken WHERE in_use`;
