import { AppError } from '#libs/errors';
import type { DeliveryAttempt, DueDelivery, WebhookDeliveryStore } from '#libs/keystore';
import { metrics } from '#libs/observability';
import { Logger } from '@nestjs/common';
import { PollingLoop } from '../polling-loop.js';
import { nextAttemptAfter } from './delivery-schedule.js';
import type { WebhookSender } from './webhook-sender.service.js';

const intervalMs = 1_000;
const deliveriesAtOnce = 32;

/** Delivers the webhooks that are due; several instances share the work. */
export class DeliveryWorker {
  private readonly logger = new Logger(DeliveryWorker.name);
  private readonly loop = new PollingLoop(DeliveryWorker.name, intervalMs, () => this.deliverDue());

  constructor(
    private readonly deliveries: WebhookDeliveryStore,
    private readonly sender: WebhookSender,
  ) {}

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async deliverDue(): Promise<boolean> {
    const due = await this.deliveries.takeDue(deliveriesAtOnce);
    await Promise.all(due.map((delivery) => this.tryToDeliver(delivery)));
    return due.length > 0;
  }

  /** An attempt whose outcome cannot be kept, or that has no secret to sign with, is due again when its lease ends. */
  private async tryToDeliver(delivery: DueDelivery): Promise<void> {
    const { organizationId, id, subscriptionId } = delivery;
    try {
      const attempt = await this.attempt(delivery);
      await this.deliveries.record(delivery, attempt);
      metrics.webhookDeliveries.inc({ outcome: outcomeOf(attempt) });
    } catch (error) {
      this.logger.warn({ msg: 'a webhook waits', organizationId, id, subscriptionId, err: error });
    }
  }

  private async attempt(delivery: DueDelivery): Promise<DeliveryAttempt> {
    const nextAt = nextAttemptAfter(new Date(), delivery.attemptCount + 1, Math.random());
    try {
      const { status } = await this.sender.send(delivery, delivery.payload);
      if (status >= 200 && status < 300) return { status, error: null, nextAt: null };
      return { status, error: `the receiver answered ${status}`, nextAt };
    } catch (error) {
      if (!(error instanceof AppError && error.code.startsWith('outbound_'))) throw error;
      return { status: null, error: error.message, nextAt };
    }
  }
}

function outcomeOf({ error, nextAt }: DeliveryAttempt): 'delivered' | 'failed' | 'dead' {
  if (error === null) return 'delivered';
  return nextAt ? 'failed' : 'dead';
}
