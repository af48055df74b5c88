import { AppError } from '#libs/errors';
import { OutboxSource, type OutboxRecord, type OutgoingEvent } from '#libs/messaging';
import pg from 'pg';
import { translatingDatabaseErrors } from './database-error.js';

/**
 * The outbox table on a connection of its own. The session-level advisory lock makes one relay the active one;
 * losing the connection loses the lock with it.
 */
export class PostgresOutboxSource extends OutboxSource {
  private client: pg.Client | undefined;
  private wake: (() => void) | undefined;
  /** A notification that came while nobody was waiting. */
  private woken = false;

  constructor(private readonly url: string) {
    super();
  }

  override acquire(): Promise<boolean> {
    return translatingDatabaseErrors(async () => {
      const client = await this.connect();
      const lock = await client.query<{ held: boolean }>(
        `SELECT pg_try_advisory_lock(hashtext('latchkey.outbox_relay')) AS held`,
      );
      return lock.rows[0]?.held ?? false;
    });
  }

  override read(limit: number): Promise<OutboxRecord[]> {
    return translatingDatabaseErrors(async () => {
      const result = await this.connected().query<OutboxRow>(
        `SELECT seq, id, aggregateid, type, payload::text, created_at FROM outbox
         WHERE published_at IS NULL ORDER BY seq LIMIT $1`,
        [limit],
      );
      return result.rows.map((row) => ({ seq: row.seq, event: eventOf(row) }));
    });
  }

  override async markPublished(seqs: string[]): Promise<void> {
    await translatingDatabaseErrors(async () => {
      await this.connected().query(`UPDATE outbox SET published_at = now() WHERE seq = ANY ($1::bigint[])`, [seqs]);
    });
  }

  override async waitForWork(timeoutMs: number): Promise<void> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.wake = undefined;
    this.woken = false;
  }

  override async release(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.wakeUp();
    await client?.end();
  }

  /** The connection that holds the lock: only `acquire` may open one. */
  private connected(): pg.Client {
    if (this.client) return this.client;
    throw new AppError('unavailable', 'outbox_connection_lost');
  }

  private async connect(): Promise<pg.Client> {
    if (this.client) return this.client;
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'latchkey-outbox-relay',
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      keepAlive: true,
    });
    client.on('error', () => this.forget(client));
    client.on('end', () => this.forget(client));
    client.on('notification', () => this.wakeUp());
    try {
      await client.connect();
      await client.query('LISTEN latchkey_outbox');
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.client = client;
    return client;
  }

  private forget(client: pg.Client): void {
    if (this.client === client) this.client = undefined;
    this.wakeUp();
  }

  private wakeUp(): void {
    this.woken = true;
    this.wake?.();
  }
}

interface OutboxRow {
  seq: string;
  id: string;
  aggregateid: string;
  type: string;
  payload: string;
  created_at: Date;
}

function eventOf(row: OutboxRow): OutgoingEvent {
  return {
    topic: row.type,
    key: row.aggregateid,
    id: row.id,
    type: row.type,
    value: Buffer.from(row.payload),
    time: row.created_at.toISOString(),
  };
}
