import { AppError } from '#libs/errors';
import { webhookPayload } from '#libs/keystore';
import type { WebhookDelivery, WebhookDeliveryStore, WebhookSubscriptionStore } from '#libs/keystore';
import type { DeliveriesAnswer, DeliveryRow, WebhookTestAnswer } from './webhook-answers.schema.js';
import type { ListDeliveriesQuery } from './webhook.schema.js';
import type { WebhookSender } from './webhook-sender.service.js';

const answerCharactersMax = 1_000;

/** What was, will be or can be delivered to a webhook. */
export class WebhookDeliveriesService {
  constructor(
    private readonly subscriptions: WebhookSubscriptionStore,
    private readonly deliveries: WebhookDeliveryStore,
    private readonly sender: WebhookSender,
  ) {}

  /** Newest first. Throws `not_found` for a webhook that is not there. */
  async list(organizationId: string, webhookId: string, query: ListDeliveriesQuery): Promise<DeliveriesAnswer> {
    await this.subscriptions.get(organizationId, webhookId);
    const { state, limit, cursor: after } = query;
    const found = await this.deliveries.list(organizationId, webhookId, { state, limit: limit + 1, after });
    const page = found.slice(0, limit);
    return {
      deliveries: page.map(deliveryRowOf),
      next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  }

  /** Has a dead delivery tried again from the beginning. Throws `not_found`, or `conflict` when it is not dead. */
  async replay(organizationId: string, webhookId: string, id: string): Promise<DeliveryRow> {
    return deliveryRowOf(await this.deliveries.replay(organizationId, webhookId, id));
  }

  /** Sends a `webhook.test` event at once, signed as any other; nothing is retried. Throws `not_found`. */
  async test(organizationId: string, webhookId: string): Promise<WebhookTestAnswer> {
    const { subscription, secrets } = await this.subscriptions.getForSigning(organizationId, webhookId);
    const payload = webhookPayload(organizationId, 'webhook.test', { webhook_id: webhookId });
    const startedAt = performance.now();
    const answer = await this.answerTo({ ...subscription, subscriptionId: webhookId, secrets }, payload);
    return { ...answer, duration_ms: Math.round(performance.now() - startedAt) };
  }

  private async answerTo(...sent: Parameters<WebhookSender['send']>): Promise<Omit<WebhookTestAnswer, 'duration_ms'>> {
    try {
      const { status, text } = await this.sender.send(...sent);
      const delivered = status >= 200 && status < 300;
      return { delivered, status, answer: text.slice(0, answerCharactersMax), error: null };
    } catch (error) {
      if (!(error instanceof AppError && error.code.startsWith('outbound_'))) throw error;
      return { delivered: false, status: null, answer: null, error: error.message };
    }
  }
}

function deliveryRowOf(delivery: WebhookDelivery): DeliveryRow {
  return {
    id: delivery.id,
    event_id: delivery.eventId,
    event: delivery.eventType,
    state: delivery.state,
    attempts: delivery.attemptCount,
    next_attempt_at: delivery.state === 'pending' ? delivery.dueAt.toISOString() : null,
    last_status: delivery.lastStatus,
    last_error: delivery.lastError,
    created_at: delivery.createdAt.toISOString(),
    delivered_at: delivery.deliveredAt?.toISOString() ?? null,
    payload: delivery.payload,
  };
}
