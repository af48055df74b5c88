import { SecretBytes, type WebhookSecretId } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { WebhookSubscription, WebhookSubscriptionStore } from '#libs/keystore';
import type { OutboundClient } from '#libs/providers';
import { drawUuid, type DrawBytes } from '../idempotency/repeatable-draw.js';
import type { CreateWebhookBody, RotateSecretBody, UpdateWebhookBody } from './webhook.schema.js';
import type { WebhookRow, WebhookSecretAnswer } from './webhook-answers.schema.js';

const lookupTimeoutMs = 2_000;

/** Where an organization wants to be told of events. */
export class WebhooksService {
  constructor(
    private readonly subscriptions: WebhookSubscriptionStore,
    private readonly outbound: OutboundClient,
  ) {}

  /** Throws `invalid` for a URL that nothing is sent to, `conflict` for one webhook too many. */
  async create(
    organizationId: string,
    { secret: given, ...wanted }: CreateWebhookBody,
    draw: DrawBytes,
  ): Promise<WebhookSecretAnswer> {
    const subscriptionId = drawUuid(draw);
    return this.showing(given ?? drawSecret(draw), async (secret) => {
      await this.assertReceiver(wanted.url);
      return this.subscriptions.create({ organizationId, subscriptionId }, wanted, secret);
    });
  }

  async list(organizationId: string): Promise<WebhookRow[]> {
    return (await this.subscriptions.list(organizationId)).map(webhookRowOf);
  }

  async get(organizationId: string, id: string): Promise<WebhookRow> {
    return webhookRowOf(await this.subscriptions.get(organizationId, id));
  }

  /** Throws `not_found`, and `invalid` as `create` does. */
  async update(organizationId: string, id: string, changes: UpdateWebhookBody): Promise<WebhookRow> {
    if (changes.url !== undefined) await this.assertReceiver(changes.url);
    return webhookRowOf(await this.subscriptions.update(organizationId, id, changes));
  }

  remove(organizationId: string, id: string): Promise<void> {
    return this.subscriptions.remove(organizationId, id);
  }

  /** A new secret, once for each request; the old one signs too for a while. Throws `not_found`. */
  rotateSecret(
    id: WebhookSecretId,
    { secret: given, overlapSeconds }: RotateSecretBody,
    draw: DrawBytes,
  ): Promise<WebhookSecretAnswer> {
    const newSecret = given ?? drawSecret(draw);
    const requestId = drawUuid(draw);
    return this.showing(newSecret, (secret) =>
      this.subscriptions.replaceSecret(id, { secret, overlapSeconds, requestId }),
    );
  }

  private async showing(
    secret: SecretBytes,
    store: (secret: SecretBytes) => Promise<WebhookSubscription>,
  ): Promise<WebhookSecretAnswer> {
    try {
      const subscription = await store(secret);
      return { webhook: { ...webhookRowOf(subscription), secret: secret.use((bytes) => bytes.toString('utf8')) } };
    } finally {
      secret.destroy();
    }
  }

  /** A name that does not resolve now may do so later, for https only; every delivery looks again. */
  private async assertReceiver(url: string): Promise<void> {
    try {
      const connection = await this.outbound.open(url, AbortSignal.timeout(lookupTimeoutMs));
      await connection.close();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const isUnknown = error.kind === 'unavailable';
      if (isUnknown && new URL(url).protocol === 'https:') return;
      const message = isUnknown ? 'Plain HTTP is spoken to this machine only: use https.' : error.message;
      throw new AppError('invalid', 'invalid_request', { message, param: 'url', cause: error });
    }
  }
}

function drawSecret(draw: DrawBytes): SecretBytes {
  return SecretBytes.fromUtf8(`whsec_${draw(24).toString('base64url')}`);
}

/** A subscription as its organization sees it. */
function webhookRowOf({ id, url, events, isActive, previousUntil, createdAt }: WebhookSubscription): WebhookRow {
  const overlaps = previousUntil !== null && previousUntil > new Date();
  return {
    id,
    url,
    events: events as WebhookRow['events'],
    is_active: isActive,
    previous_secret_until: overlaps ? previousUntil.toISOString() : null,
    created_at: createdAt.toISOString(),
  };
}
