import type { SlotNoticeStore, WebhookDeliveryStore } from '#libs/keystore';
import { metrics } from '#libs/observability';
import { PollingLoop } from '../polling-loop.js';

const intervalMs = 30_000;
const slotsAtOnce = 100;

/** Tells organizations of keys that will expire, and counts what waits to be delivered. */
export class NoticeWorker {
  private readonly loop = new PollingLoop(NoticeWorker.name, intervalMs, () => this.look());

  constructor(
    private readonly notices: SlotNoticeStore,
    private readonly deliveries: WebhookDeliveryStore,
  ) {}

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async look(): Promise<boolean> {
    const toldCount = await this.notices.tellOfExpiring(slotsAtOnce);
    metrics.webhooksPending.set(await this.deliveries.countPending());
    return toldCount === slotsAtOnce;
  }
}
