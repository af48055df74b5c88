import { AppError } from '#libs/errors';
import type { DataSource, EntityManager } from 'typeorm';
import { translatingDatabaseErrors } from './database-error.js';
import { takeDueDeliveries, type DeliveryRef, type DueDelivery } from './due-deliveries.js';
import { WebhookDelivery, type DeliveryState } from './entities/webhook-delivery.entity.js';
import { withinOrganization } from './organization-scope.js';

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

/** Events on their way to receivers. */
export class WebhookDeliveryStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Up to `limit` deliveries to try now, shared out among families, organizations and subscriptions, of which those that
   * the asker has in hand count as theirs. Nobody else gets them for a minute.
   */
  takeDue(limit: number, inHand: readonly DueDelivery[] = []): Promise<DueDelivery[]> {
    return translatingDatabaseErrors(() => takeDueDeliveries(this.dataSource, { limit, inHand }));
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
