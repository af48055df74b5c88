import { randomUUID } from 'node:crypto';
import type { QueryResult, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';

/** A request that its sender may repeat: who sends it, under which key, and the keyed hash of all that it says. */
export interface RepeatableRequest {
  caller: string;
  key: string;
  hash: Buffer;
}

/** One run of a repeatable request. */
export interface RequestRun {
  request: RepeatableRequest;
  runId: string;
  /** The same in every run of the request. */
  seed: string;
}

/** What becomes of a request that somebody sends. */
export type BegunRequest =
  | { state: 'to_run'; run: RequestRun }
  | { state: 'running' }
  | { state: 'answered'; answer: Buffer }
  /** The key stands for another request. */
  | { state: 'other_request' };

const hoursKept = 24;

/** Remembers the answers of requests, so that a repetition has no second effect. Shared by all processes. */
export class IdempotentRequestStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Of any number that ask at once exactly one is to run the request. It is to be run again when nobody has kept an
   * answer after `lockSeconds`: its process has died, or it answered that something is out of order.
   */
  async begin(request: RepeatableRequest, lockSeconds: number): Promise<BegunRequest> {
    const { caller, key, hash } = request;
    const runId = randomUUID();
    const begun = await this.query<{ seed: string }>('begin-request', beginSql, [
      caller,
      key,
      hash,
      lockSeconds,
      runId,
      randomUUID(),
    ]);
    if (begun.rows[0]) return { state: 'to_run', run: { request, runId, seed: begun.rows[0].seed } };
    const found = await this.query<FoundRow>('find-request', findSql, [caller, key]);
    const row = found.rows[0];
    if (row && !row.request_hash.equals(hash)) return { state: 'other_request' };
    return row?.answer ? { state: 'answered', answer: row.answer } : { state: 'running' };
  }

  /** Keeps the answer, unless the run was given up for lost and another has begun. */
  async keepAnswer({ request, runId }: RequestRun, answer: Buffer): Promise<void> {
    await this.query(
      'keep-answer',
      `UPDATE idempotent_request SET answer = $4, locked_until = NULL WHERE caller = $1 AND key = $2 AND run_id = $3`,
      [request.caller, request.key, runId, answer],
    );
  }

  /** Lets the next repetition run the request again. */
  async giveUp({ request, runId }: RequestRun): Promise<void> {
    await this.query(
      'give-up-request',
      `UPDATE idempotent_request SET locked_until = now()
       WHERE caller = $1 AND key = $2 AND run_id = $3 AND answer IS NULL`,
      [request.caller, request.key, runId],
    );
  }

  /** Forgets the request, so that the key may stand for another. Nothing of it may have happened. */
  async remove({ request, runId }: RequestRun): Promise<void> {
    await this.query(
      'remove-request',
      `DELETE FROM idempotent_request WHERE caller = $1 AND key = $2 AND run_id = $3 AND answer IS NULL`,
      [request.caller, request.key, runId],
    );
  }

  /** Forgets requests of which nobody need know any more. */
  async deleteOld(): Promise<void> {
    await translatingDatabaseErrors(() =>
      this.dataSource.query(`DELETE FROM idempotent_request WHERE created_at < now() - make_interval(hours => $1)`, [
        hoursKept,
      ]),
    );
  }

  private query<T extends QueryResultRow>(name: string, text: string, values: unknown[]): Promise<QueryResult<T>> {
    return translatingDatabaseErrors(() => poolOf(this.dataSource).query<T>({ name, text, values }));
  }
}

interface FoundRow {
  request_hash: Buffer;
  answer: Buffer | null;
}

const beginSql = `
  INSERT INTO idempotent_request AS r (caller, key, request_hash, locked_until, run_id, seed)
  VALUES ($1, $2, $3, now() + make_interval(secs => $4), $5, $6)
  ON CONFLICT (caller, key) DO UPDATE SET
    request_hash = excluded.request_hash, locked_until = excluded.locked_until, run_id = excluded.run_id, answer = NULL,
    seed = CASE WHEN r.created_at < now() - make_interval(hours => ${hoursKept}) THEN excluded.seed ELSE r.seed END,
    created_at = CASE WHEN r.created_at < now() - make_interval(hours => ${hoursKept}) THEN now() ELSE r.created_at END
  WHERE r.created_at < now() - make_interval(hours => ${hoursKept})
    OR (r.answer IS NULL AND r.locked_until <= now() AND r.request_hash = excluded.request_hash)
  RETURNING seed`;

/** Old rows are as good as deleted. */
const findSql = `
  SELECT request_hash, answer FROM idempotent_request
  WHERE caller = $1 AND key = $2 AND created_at >= now() - make_interval(hours => ${hoursKept})`;
