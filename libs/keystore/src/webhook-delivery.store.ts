import { AppError } from '#libs/errors';
import type { DataSource, EntityManager } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import { WebhookDelivery, type DeliveryState } from './entities/webhook-delivery.entity.js';
import { withinOrganization } from './organization-scope.js';
import type { WebhookPayload } from './webhook-queue.js';
import type { SealedSecrets } from './webhook-secret.reader.js';

export interface DeliveryRef {
  organizationId: string;
  id: string;
}

/** A delivery to try now, by the one who took it. */
export interface DueDelivery extends DeliveryRef {
  subscriptionId: string;
  url: string;
  payload: WebhookPayload;
  /** How often it has been tried. */
  attemptCount: number;
  secrets: SealedSecrets;
}

/** What became of an attempt. */
export interface DeliveryAttempt {
  /** HTTP status; null when there was no answer. */
  status: number | null;
  /** Null when the receiver took it. */
  error: string | null;
  /** Of a failure: when to try again; null: never again. */
  nextAt: Date | null;
}

export interface DeliveryPage {
  state?: DeliveryState | undefined;
  limit: number;
  /** The delivery that the page before ended with. */
  after?: string | undefined;
}

/** An attempt whose taker has died is due again after so long. */
const leaseSeconds = 60;
/** One slow receiver takes no more than so many places of those that work at one time, */
const perSubscriptionMax = 4;
/** and one organization, whatever receivers it has, no more than so many. */
const perOrganizationMax = 8;

/** Events on their way to receivers. */
export class WebhookDeliveryStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Up to `limit` deliveries to try now, shared out among organizations and subscriptions, of which those that the asker
   * has in hand count as theirs. Nobody else gets them for a minute.
   */
  async takeDue(limit: number, inHand: readonly DueDelivery[] = []): Promise<DueDelivery[]> {
    const values = [
      limit,
      inHand.map(({ organizationId }) => organizationId),
      inHand.map(({ subscriptionId }) => subscriptionId),
    ];
    const rows = await translatingDatabaseErrors(() => this.dataSource.query<DueRow[]>(takeDueSql, values));
    return rows.map(({ kekVersion, secret, previousKekVersion, previousSecret, ...delivery }) => ({
      ...delivery,
      secrets: { kekVersion, secret, previousKekVersion, previousSecret },
    }));
  }

  /** Keeps what became of an attempt. */
  async record({ organizationId, id }: DeliveryRef, { status, error, nextAt }: DeliveryAttempt): Promise<void> {
    const state: DeliveryState = error === null ? 'delivered' : nextAt ? 'pending' : 'dead';
    await translatingDatabaseErrors(() =>
      this.dataSource.query(
        `UPDATE webhook_delivery SET state = $3, attempt_count = attempt_count + 1, last_status = $4, last_error = $5,
           due_at = coalesce($6, due_at), delivered_at = CASE WHEN $3 = 'delivered' THEN now() END
         WHERE organization_id = $1 AND id = $2`,
        [organizationId, id, state, status, error, nextAt],
      ),
    );
  }

  /** Of one subscription, newest first. */
  list(organizationId: string, subscriptionId: string, page: DeliveryPage): Promise<WebhookDelivery[]> {
    return withinOrganization(this.dataSource, organizationId, (manager) => {
      const query = manager
        .createQueryBuilder(WebhookDelivery, 'd')
        .where('d.organizationId = :organizationId AND d.subscriptionId = :subscriptionId')
        .setParameters({ organizationId, subscriptionId, state: page.state, after: page.after });
      if (page.state) query.andWhere('d.state = :state');
      if (page.after) query.andWhere(afterSql);
      return query.orderBy('d.createdAt', 'DESC').addOrderBy('d.id', 'DESC').take(page.limit).getMany();
    });
  }

  /** Has a dead delivery tried again from the beginning. Throws `not_found`, or `conflict` when it is not dead. */
  replay(organizationId: string, subscriptionId: string, id: string): Promise<WebhookDelivery> {
    return withinOrganization(this.dataSource, organizationId, async (manager) => {
      const where = { organizationId, subscriptionId, id };
      const delivery = await manager.findOne(WebhookDelivery, { where, lock: { mode: 'pessimistic_write' } });
      if (!delivery) throw noDelivery();
      if (delivery.state !== 'dead') throw notDead(delivery.state);
      await makeDue(manager, where);
      return manager.findOneByOrFail(WebhookDelivery, where);
    });
  }

  /** How many deliveries wait, those that are not due yet included. */
  async countPending(): Promise<number> {
    const [row] = await translatingDatabaseErrors(() =>
      this.dataSource.query<{ pending: string }[]>(
        `SELECT count(*) AS pending FROM webhook_delivery WHERE state = 'pending'`,
      ),
    );
    return Number(row?.pending ?? 0);
  }

  /** Forgets deliveries that were made, or are dead, and older than this. */
  async forget(days: number): Promise<void> {
    await translatingDatabaseErrors(() =>
      this.dataSource.query(
        `DELETE FROM webhook_delivery WHERE state <> 'pending' AND created_at < now() - make_interval(days => $1)`,
        [days],
      ),
    );
  }
}

type DueRow = Omit<DueDelivery, 'secrets'> & SealedSecrets;

const takeDueSql = `
  WITH in_hand AS (SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS h (organization_id, subscription_id)),
  due AS (
    SELECT organization_id, id,
      own_count + row_number() OVER (PARTITION BY organization_id, subscription_id ORDER BY due_at) AS place,
      all_count + row_number() OVER (PARTITION BY organization_id ORDER BY due_at) AS organization_place
    FROM (
      SELECT d.*, own_count, all_count FROM webhook_delivery d
      JOIN webhook_subscription s ON s.organization_id = d.organization_id AND s.id = d.subscription_id
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE h.subscription_id = s.id) AS own_count, count(*) AS all_count
        FROM in_hand h WHERE h.organization_id = s.organization_id) AS counted
      WHERE d.state = 'pending' AND d.due_at <= now() AND s.is_active
        AND own_count < ${perSubscriptionMax} AND all_count < ${perOrganizationMax}
      ORDER BY d.due_at LIMIT 1000) AS oldest),
  locked AS (
    SELECT d.organization_id, d.id FROM webhook_delivery d
    JOIN due ON due.organization_id = d.organization_id AND due.id = d.id
    WHERE due.place <= ${perSubscriptionMax} AND due.organization_place <= ${perOrganizationMax}
      AND d.state = 'pending' AND d.due_at <= now()
    ORDER BY due.place, d.due_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED),
  taken AS (
    UPDATE webhook_delivery d SET due_at = now() + make_interval(secs => ${leaseSeconds})
    FROM locked WHERE d.organization_id = locked.organization_id AND d.id = locked.id RETURNING d.*)
  SELECT d.organization_id AS "organizationId", d.id, d.subscription_id AS "subscriptionId", s.url, d.payload,
    d.attempt_count AS "attemptCount",
    s.tenant_kek_version AS "kekVersion", s.secret, s.previous_kek_version AS "previousKekVersion",
    CASE WHEN s.previous_until > now() THEN s.previous_secret END AS "previousSecret"
  FROM taken d JOIN webhook_subscription s ON s.organization_id = d.organization_id AND s.id = d.subscription_id`;

const afterSql = `(d.created_at, d.id) < (SELECT a.created_at, a.id FROM webhook_delivery a
  WHERE a.organization_id = :organizationId AND a.id = :after)`;

async function makeDue(manager: EntityManager, { organizationId, id }: DeliveryRef): Promise<void> {
  await manager.query(
    `UPDATE webhook_delivery SET state = 'pending', attempt_count = 0, due_at = now()
     WHERE organization_id = $1 AND id = $2`,
    [organizationId, id],
  );
}

function noDelivery(): AppError {
  return new AppError('not_found', 'not_found', { message: 'There is no such delivery.', param: 'delivery_id' });
}

function notDead(state: DeliveryState): AppError {
  return new AppError('conflict', 'not_dead', { message: `Only a dead delivery is replayed; this one is ${state}.` });
}
