import { createReceiptPartitions, IdempotentRequestStore, OutboxStore, WebhookDeliveryStore } from '#libs/keystore';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';

const publishedDaysKept = 7;
const deliveryDaysKept = 30;
const firstAfterMs = 60_000;
const intervalMs = 6 * 60 * 60 * 1000;

/**
 * What the database needs a minute after the start and every six hours: a process that is restarted daily does it too.
 * A failure is logged and waits for the next turn: partitions are made a week ahead.
 */
export class HousekeepingWorker {
  private readonly logger = new Logger(HousekeepingWorker.name);
  private readonly outbox: OutboxStore;
  private readonly requests: IdempotentRequestStore;
  private readonly deliveries: WebhookDeliveryStore;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly dataSource: DataSource) {
    this.outbox = new OutboxStore(dataSource);
    this.requests = new IdempotentRequestStore(dataSource);
    this.deliveries = new WebhookDeliveryStore(dataSource);
  }

  start(): void {
    this.runAfter(firstAfterMs);
  }

  /** Resolves when the turn in hand is over. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await this.running;
  }

  private runAfter(delayMs: number): void {
    this.timer = setTimeout(() => {
      this.running = this.run();
      this.runAfter(intervalMs);
    }, delayMs);
    this.timer.unref();
  }

  private async run(): Promise<void> {
    try {
      await createReceiptPartitions(this.dataSource);
      await this.outbox.deletePublished(publishedDaysKept);
      await this.requests.deleteOld();
      await this.deliveries.forget(deliveryDaysKept);
    } catch (error) {
      this.logger.warn({ msg: 'housekeeping failed; trying again in six hours', err: error });
    }
  }
}
