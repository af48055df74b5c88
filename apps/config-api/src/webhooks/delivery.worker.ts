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
  private readonly loop = new PollingLoop(DeliveryWorker.name, intervalMs, () => this.beginDue());
  private readonly inHand = new Map<DueDelivery, Promise<void>>();

  constructor(
    private readonly deliveries: WebhookDeliveryStore,
    private readonly sender: WebhookSender,
  ) {}

  start(): void {
    this.loop.start();
  }

  /** Resolves when every attempt that has begun is on record. */
  async stop(): Promise<void> {
    await this.loop.stop();
    await Promise.all(this.inHand.values());
  }

  /** Fills the places that are free; each is free again when its attempt ends, whatever the others do. */
  private async beginDue(): Promise<boolean> {
    const freeCount = deliveriesAtOnce - this.inHand.size;
    if (freeCount === 0) return false;
    const due = await this.deliveries.takeDue(freeCount, [...this.inHand.keys()]);
    for (const delivery of due) this.begin(delivery);
    return due.length > 0;
  }

  private begin(delivery: DueDelivery): void {
    const attempt = this.tryToDeliver(delivery).then(() => {
      this.inHand.delete(delivery);
      this.loop.wake();
    });
    this.inHand.set(delivery, attempt);
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
