import type { FactoryProvider } from '@nestjs/common';
import { BackgroundWork, type BackgroundConsumer, type BackgroundWorker } from './background-work.js';
import { KeyFailureConsumer } from './checks/key-failure.consumer.js';
import { RecheckWorker } from './checks/recheck.worker.js';
import { HousekeepingWorker } from './housekeeping.worker.js';
import { DeliveryWorker } from './webhooks/delivery.worker.js';
import { FallbackConsumer } from './webhooks/fallback.consumer.js';
import { NoticeWorker } from './webhooks/notice.worker.js';

const workers = [HousekeepingWorker, RecheckWorker, DeliveryWorker, NoticeWorker];
const consumers = [KeyFailureConsumer, FallbackConsumer];

/** Binds everything that goes on beside the requests. */
export const backgroundWork: FactoryProvider<BackgroundWork> = {
  provide: BackgroundWork,
  inject: [...workers, ...consumers],
  useFactory: (...parts: (BackgroundWorker & BackgroundConsumer)[]) =>
    new BackgroundWork(parts.slice(0, workers.length), parts.slice(workers.length)),
};
