import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';
import { TurnBatch } from './turn-batch.js';

/** What a handle says it was issued for. */
export interface EpochClaim {
  organizationId: string;
  provider: string;
  version: number;
  epoch: number;
  /** It is for a child of the organization that the key belongs to. */
  inherited: boolean;
}

const claimsMax = 1_000;

/**
 * Says whether handles may still be exchanged for their keys. The whole promise of strict revocation rests on
 * this port: an answer must reflect every change whose transaction had committed when `check` was called.
 */
export abstract class EpochGuard {
  /** One answer for each claim, in order. `unavailable` when it cannot be known; never a guess. */
  abstract check(claims: readonly EpochClaim[]): Promise<boolean[]>;
}

/** The guard that asks the primary every time. The checks of one turn of the event loop share a query. */
export class PrimaryEpochGuard extends EpochGuard {
  private readonly pool: Pool;
  /** The query is sent at the end of the turn: whoever joins it began before its snapshot. */
  private readonly asking = new TurnBatch((claims: readonly EpochClaim[]) => this.ask(claims), claimsMax);

  constructor(dataSource: DataSource) {
    super();
    this.pool = poolOf(dataSource);
  }

  check(claims: readonly EpochClaim[]): Promise<boolean[]> {
    return this.asking.ask(claims);
  }

  private async ask(claims: readonly EpochClaim[]): Promise<boolean[]> {
    const result = await translatingDatabaseErrors(() =>
      this.pool.query<[string]>({
        name: 'epoch-guard',
        rowMode: 'array',
        text: acceptableSql,
        values: [
          claims.map((claim) => claim.organizationId),
          claims.map((claim) => claim.provider),
          claims.map((claim) => claim.version),
          claims.map((claim) => claim.epoch),
          claims.map((claim) => claim.inherited),
        ],
      }),
    );
    const answers = new Array<boolean>(claims.length).fill(false);
    for (const [ordinality] of result.rows) answers[Number(ordinality) - 1] = true;
    return answers;
  }
}

const acceptableSql = `
  SELECT c.ordinality
  FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[], $5::boolean[])
    WITH ORDINALITY AS c (organization_id, provider, version, epoch, inherited, ordinality)
  JOIN key_slot s ON s.organization_id = c.organization_id AND s.provider = c.provider
  JOIN key_version v ON v.organization_id = c.organization_id AND v.provider = c.provider AND v.version = c.version
  WHERE c.epoch >= s.epoch_floor AND (s.shared OR NOT c.inherited) AND (
    (v.state = 'active' AND s.state = 'active' AND (s.expires_at IS NULL OR s.expires_at > now()))
    OR (v.state = 'retiring' AND v.retires_at > now() AND (v.expires_at IS NULL OR v.expires_at > now())))`;
