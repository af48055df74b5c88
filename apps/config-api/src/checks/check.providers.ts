import { Catalogue } from '#libs/catalogue';
import { KeyVerdictStore, ReceiptReaderStore, SlotConditionStore } from '#libs/keystore';
import { KeyProber } from '#libs/providers';
import { StoredKeyReader } from '#libs/resolution';
import type { Provider } from '@nestjs/common';
import type { ConfigApiPorts } from '../config-api-ports.js';
import { KeyCheckService } from './key-check.service.js';
import { KeyFailureConsumer } from './key-failure.consumer.js';
import { KeyTestService, TestedSlots } from './key-test.service.js';
import { RecheckWorker } from './recheck.worker.js';
import { VerdictService } from './verdict.service.js';

/** What asks providers about keys. */
export function checkProviders({ settings, keyProber, eventBus }: ConfigApiPorts): Provider[] {
  return [
    { provide: KeyProber, useValue: keyProber },
    {
      provide: KeyCheckService,
      inject: [KeyProber],
      useFactory: (prober: KeyProber) => new KeyCheckService(prober, settings.LATCHKEY_VALIDATE_KEYS),
    },
    {
      provide: KeyTestService,
      inject: [Catalogue, KeyProber, TestedSlots, VerdictService],
      useFactory: (...parts: ConstructorParameters<typeof KeyTestService>) => new KeyTestService(...parts),
    },
    {
      provide: TestedSlots,
      inject: [StoredKeyReader, SlotConditionStore],
      useFactory: (...parts: ConstructorParameters<typeof TestedSlots>) => new TestedSlots(...parts),
    },
    {
      provide: VerdictService,
      inject: [KeyVerdictStore, SlotConditionStore],
      useFactory: (...parts: ConstructorParameters<typeof VerdictService>) => new VerdictService(...parts),
    },
    {
      provide: RecheckWorker,
      inject: [KeyVerdictStore, StoredKeyReader, KeyProber, VerdictService],
      useFactory: (...parts: ConstructorParameters<typeof RecheckWorker>) => new RecheckWorker(...parts),
    },
    {
      provide: KeyFailureConsumer,
      inject: [ReceiptReaderStore, KeyVerdictStore, RecheckWorker],
      useFactory: (receipts: ReceiptReaderStore, verdicts: KeyVerdictStore, worker: RecheckWorker) =>
        new KeyFailureConsumer(eventBus, receipts, verdicts, worker),
    },
  ];
}
