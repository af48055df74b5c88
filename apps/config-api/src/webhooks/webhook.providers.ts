import {
  SlotNoticeStore,
  TenantKekStore,
  WebhookDeliveryStore,
  WebhookSecretReader,
  WebhookSubscriptionStore,
} from '#libs/keystore';
import { OutboundClient } from '#libs/providers';
import type { Provider } from '@nestjs/common';
import type { ConfigApiPorts } from '../config-api-ports.js';
import { DeliveryWorker } from './delivery.worker.js';
import { FallbackConsumer } from './fallback.consumer.js';
import { NoticeWorker } from './notice.worker.js';
import { WebhookDeliveriesService } from './webhook-deliveries.service.js';
import { WebhookSender } from './webhook-sender.service.js';
import { WebhooksService } from './webhooks.service.js';

/** Receivers are other servers than providers, and another setting says where they may be. */
const receivers = Symbol('receivers of webhooks');

/** What tells organizations of events. */
export function webhookProviders({ dataSource, eventBus, settings }: ConfigApiPorts): Provider[] {
  const deliveries = new WebhookDeliveryStore(dataSource);
  const notices = new SlotNoticeStore(dataSource);
  return [
    {
      provide: receivers,
      useValue: new OutboundClient({ privateAddresses: settings.LATCHKEY_WEBHOOK_PRIVATE_ADDRESSES }),
    },
    { provide: WebhookDeliveryStore, useValue: deliveries },
    { provide: NoticeWorker, useValue: new NoticeWorker(notices, deliveries) },
    { provide: FallbackConsumer, useValue: new FallbackConsumer(eventBus, notices) },
    {
      provide: WebhookSubscriptionStore,
      inject: [TenantKekStore],
      useFactory: (keks: TenantKekStore) => new WebhookSubscriptionStore(dataSource, keks),
    },
    {
      provide: WebhookSender,
      inject: [TenantKekStore, receivers],
      useFactory: (keks: TenantKekStore, outbound: OutboundClient) =>
        new WebhookSender(new WebhookSecretReader(keks), outbound),
    },
    {
      provide: WebhooksService,
      inject: [WebhookSubscriptionStore, receivers],
      useFactory: (...parts: ConstructorParameters<typeof WebhooksService>) => new WebhooksService(...parts),
    },
    {
      provide: WebhookDeliveriesService,
      inject: [WebhookSubscriptionStore, WebhookDeliveryStore, WebhookSender],
      useFactory: (...parts: ConstructorParameters<typeof WebhookDeliveriesService>) =>
        new WebhookDeliveriesService(...parts),
    },
    {
      provide: DeliveryWorker,
      inject: [WebhookDeliveryStore, WebhookSender],
      useFactory: (...parts: ConstructorParameters<typeof DeliveryWorker>) => new DeliveryWorker(...parts),
    },
  ];
}
