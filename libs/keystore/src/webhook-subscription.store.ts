import { timingSafeEqual } from 'node:crypto';
import { sealWebhookSecret, type SecretBytes, type WebhookSecretId } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { DataSource, EntityManager } from 'typeorm';
import { WebhookSubscription } from './entities/webhook-subscription.entity.js';
import { withinOrganization } from './organization-scope.js';
import type { TenantKekStore } from './tenant-kek.store.js';
import { WebhookSecretReader, type SealedSecrets } from './webhook-secret.reader.js';

/** An organization's subscriptions. */
export const subscriptionsMax = 20;

export interface NewSubscription {
  url: string;
  events: string[];
  isActive: boolean;
}

/** A subscription as it is signed for. */
export interface SigningSubscription {
  subscription: WebhookSubscription;
  secrets: SealedSecrets;
}

export interface SecretReplacement {
  secret: SecretBytes;
  overlapSeconds: number;
  /** The same in every run of one request. */
  requestId: string;
}

/** Where organizations want to be told of events; secrets are kept sealed under the organization's KEK. */
export class WebhookSubscriptionStore {
  private readonly secrets: WebhookSecretReader;

  constructor(
    private readonly dataSource: DataSource,
    private readonly tenantKeks: TenantKekStore,
  ) {
    this.secrets = new WebhookSecretReader(tenantKeks);
  }

  /**
   * Creates a subscription; creating the same one again changes nothing. Throws `conflict` when the organization has as
   * many as it may have.
   */
  async create(id: WebhookSecretId, wanted: NewSubscription, secret: SecretBytes): Promise<WebhookSubscription> {
    const { organizationId, subscriptionId } = id;
    const sealed = await this.seal(id, secret);
    return this.within(organizationId, async (manager) => {
      // Those that create at the same time count one after the other.
      await manager.query(`SELECT FROM organization WHERE id = $1 FOR NO KEY UPDATE`, [organizationId]);
      const existing = await manager.findOneBy(WebhookSubscription, { organizationId, id: subscriptionId });
      if (existing) return existing;
      const count = await manager.countBy(WebhookSubscription, { organizationId });
      if (count >= subscriptionsMax) throw tooMany();
      const row = { organizationId, id: subscriptionId, ...wanted, ...sealed, previousUntil: null };
      await manager.createQueryBuilder().insert().into(WebhookSubscription).values(row).orIgnore().execute();
      return getSubscription(manager, organizationId, subscriptionId);
    });
  }

  list(organizationId: string): Promise<WebhookSubscription[]> {
    return this.within(organizationId, (manager) =>
      manager.find(WebhookSubscription, { where: { organizationId }, order: { createdAt: 'ASC', id: 'ASC' } }),
    );
  }

  /** Throws `not_found`. */
  get(organizationId: string, id: string): Promise<WebhookSubscription> {
    return this.within(organizationId, (manager) => getSubscription(manager, organizationId, id));
  }

  /** Throws `not_found`. */
  getForSigning(organizationId: string, id: string): Promise<SigningSubscription> {
    return this.within(organizationId, async (manager) => {
      const subscription = await getSubscription(manager, organizationId, id);
      const [row] = await manager.query<SealedSecrets[]>(
        `SELECT tenant_kek_version AS "kekVersion", secret, previous_kek_version AS "previousKekVersion",
           CASE WHEN previous_until > now() THEN previous_secret END AS "previousSecret"
         FROM webhook_subscription WHERE organization_id = $1 AND id = $2`,
        [organizationId, id],
      );
      return { subscription, secrets: row! };
    });
  }

  /** Changes what is not undefined. Throws `not_found`. */
  update(organizationId: string, id: string, changes: Partial<NewSubscription>): Promise<WebhookSubscription> {
    return this.within(organizationId, async (manager) => {
      await manager.update(WebhookSubscription, { organizationId, id }, changes);
      return getSubscription(manager, organizationId, id);
    });
  }

  /** Takes the deliveries with it. Throws `not_found`. */
  async remove(organizationId: string, id: string): Promise<void> {
    await this.within(organizationId, async (manager) => {
      const { affected } = await manager.delete(WebhookSubscription, { organizationId, id });
      if (affected === 0) throw noSubscription();
    });
  }

  /**
   * A new secret; deliveries are signed with the old one too until `overlapSeconds` have passed. A request that has
   * replaced the secret already changes nothing, nor does replacing it by itself: the old one stays. Throws `not_found`.
   */
  async replaceSecret(
    secretId: WebhookSecretId,
    { secret, overlapSeconds, requestId }: SecretReplacement,
  ): Promise<WebhookSubscription> {
    const { organizationId, subscriptionId: id } = secretId;
    const { secrets } = await this.getForSigning(organizationId, id);
    const sealed = (await this.isNewest(secretId, secrets, secret)) ? undefined : await this.seal(secretId, secret);
    return this.within(organizationId, async (manager) => {
      const isFirstRun = await rememberRotation(manager, secretId, requestId);
      if (isFirstRun && sealed) {
        const values = [organizationId, id, overlapSeconds, sealed.tenantKekVersion, sealed.secret];
        await manager.query(replaceSecretSql, values);
      }
      return getSubscription(manager, organizationId, id);
    });
  }

  private async isNewest(id: WebhookSecretId, sealed: SealedSecrets, secret: SecretBytes): Promise<boolean> {
    const opened = await this.secrets.open(id, { ...sealed, previousSecret: null });
    try {
      return opened[0]!.use((newest) =>
        secret.use((given) => newest.length === given.length && timingSafeEqual(newest, given)),
      );
    } finally {
      for (const one of opened) one.destroy();
    }
  }

  private async seal(
    id: WebhookSecretId,
    secret: SecretBytes,
  ): Promise<Pick<WebhookSubscription, 'tenantKekVersion' | 'secret'>> {
    const kek = await this.tenantKeks.getCurrent(id.organizationId);
    return { tenantKekVersion: kek.version, secret: sealWebhookSecret(kek, id, secret) };
  }

  private within<T>(organizationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return withinOrganization(this.dataSource, organizationId, work);
  }
}

const replaceSecretSql = `
  UPDATE webhook_subscription SET previous_kek_version = tenant_kek_version, previous_secret = secret,
    previous_until = now() + make_interval(secs => $3), tenant_kek_version = $4, secret = $5
  WHERE organization_id = $1 AND id = $2`;

/** A request is run again for a day at most, and nobody replaces a secret so often in a day. */
const rotationsRemembered = 50;

/** False when the request is remembered already. Whoever comes with it meanwhile waits for the transaction. */
async function rememberRotation(
  manager: EntityManager,
  { organizationId, subscriptionId }: WebhookSecretId,
  requestId: string,
): Promise<boolean> {
  const [, count] = await manager.query<[unknown[], number]>(
    `UPDATE webhook_subscription SET rotation_request_ids = ($3::uuid || rotation_request_ids)[1:${rotationsRemembered}]
     WHERE organization_id = $1 AND id = $2 AND $3::uuid <> ALL (rotation_request_ids)`,
    [organizationId, subscriptionId, requestId],
  );
  return count > 0;
}

async function getSubscription(
  manager: EntityManager,
  organizationId: string,
  id: string,
): Promise<WebhookSubscription> {
  const found = await manager.findOneBy(WebhookSubscription, { organizationId, id });
  if (!found) throw noSubscription();
  return found;
}

function noSubscription(): AppError {
  return new AppError('not_found', 'not_found', { message: 'There is no such webhook.', param: 'id' });
}

function tooMany(): AppError {
  return new AppError('conflict', 'too_many_webhooks', {
    message: `An organization has at most ${subscriptionsMax} webhooks: delete one that is not needed.`,
  });
}
