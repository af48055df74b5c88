import { TenantKekCache } from '#libs/crypto';
import {
  AssistantConfigStore,
  AuditEventStore,
  PrimaryEpochGuard,
  ReceiptStore,
  SlotSnapshotStore,
  SlotUseStore,
  TenantKekStore,
} from '#libs/keystore';
import { HealthModule } from '#libs/observability';
import { loggingSlotReader, OpenedKeyCache, ResolutionService } from '#libs/resolution';
import { Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { serviceTokenValue } from './auth/service-token.guard.js';
import { CallEventsController } from './calls/call-events.controller.js';
import { CallIntakeController } from './calls/call-intake.controller.js';
import { CallIntakeService } from './calls/call-intake.service.js';
import { CallService } from './calls/call.service.js';
import { CallAnnouncementService } from './calls/call-announcement.service.js';
import { SlotUseWorker } from './calls/slot-use.worker.js';
import { KeyResolverController } from './grpc/key-resolver.controller.js';
import { HandleIssuer } from './handles/handle-issuer.js';
import { HandleMinter } from './handles/handle-minter.js';
import { RedemptionService } from './redemption/redemption.service.js';
import { resolverHealth } from './resolver-health.js';
import type { ResolverPorts } from './resolver-ports.js';

const replayWindowMs = 5_000;

/** Resolves calls and redeems handles; every app that contains it binds its ports, and closes them after it. */
@Module({})
export class ResolverModule implements OnApplicationShutdown {
  constructor(
    private readonly opened: OpenedKeyCache,
    private readonly slotUses: SlotUseWorker,
  ) {}

  static register(ports: ResolverPorts): DynamicModule {
    const opened = new OpenedKeyCache();
    const minter = new HandleMinter(ports.handleKey);
    const slotUses = new SlotUseWorker(new SlotUseStore(ports.dataSource));
    return {
      module: ResolverModule,
      imports: [HealthModule.register({ indicators: resolverHealth(ports) })],
      controllers: [CallEventsController, KeyResolverController, ...(ports.httpIntake ? [CallIntakeController] : [])],
      providers: [
        { provide: CallService, useValue: callService(ports, opened, minter, slotUses) },
        { provide: CallAnnouncementService, useValue: new CallAnnouncementService(ports.eventBus) },
        { provide: RedemptionService, useValue: redemptionService(ports, minter) },
        { provide: serviceTokenValue, useValue: ports.settings.LATCHKEY_SERVICE_TOKEN },
        { provide: OpenedKeyCache, useValue: opened },
        { provide: SlotUseWorker, useValue: slotUses },
        ...(ports.httpIntake ? [{ provide: CallIntakeService, useValue: new CallIntakeService(ports.eventBus) }] : []),
      ],
    };
  }

  /** Nest comes here when the transports have drained: nothing opens a key any more. */
  async onApplicationShutdown(): Promise<void> {
    this.opened.close();
    await this.slotUses.stop();
  }
}

function callService(
  ports: ResolverPorts,
  opened: OpenedKeyCache,
  minter: HandleMinter,
  slotUses: SlotUseWorker,
): CallService {
  const { dataSource, settings } = ports;
  const tenantKeks = new TenantKekStore(dataSource, ports.kekProvider, new TenantKekCache(ports.kekProvider));
  const snapshots = ports.slotSnapshots ?? new SlotSnapshotStore(dataSource);
  const slots = loggingSlotReader({ snapshots, tenantKeks }, opened, new Logger('resolution'));
  return new CallService(
    new ResolutionService(ports.catalogue, slots, new AssistantConfigStore(dataSource)),
    {
      handles: ports.handleStore,
      receipts: new ReceiptStore(dataSource),
      issuer: new HandleIssuer(ports.handleKey, minter),
      minter,
    },
    {
      handleTtlMs: settings.LATCHKEY_HANDLE_TTL_SECONDS * 1_000,
      liveMsMax: settings.LATCHKEY_CALL_HOURS_MAX * 3_600_000,
      postCallMs: settings.LATCHKEY_POSTCALL_MINUTES * 60_000,
    },
    slotUses,
  );
}

function redemptionService(ports: ResolverPorts, minter: HandleMinter): RedemptionService {
  return new RedemptionService(
    {
      handles: ports.handleStore,
      minter,
      handleKey: ports.handleKey,
      audit: new AuditEventStore(ports.dataSource),
    },
    ports.epochGuard ?? new PrimaryEpochGuard(ports.dataSource),
    { usesMax: ports.settings.LATCHKEY_HANDLE_USES, replayWindowMs },
  );
}
