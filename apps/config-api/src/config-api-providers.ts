import type { FactoryProvider, Provider } from '@nestjs/common';
import { Catalogue } from '#libs/catalogue';
import { TenantKekCache } from '#libs/crypto';
import {
  KeySlotStore,
  KeyVerdictStore,
  OrganizationStore,
  ReceiptReaderStore,
  ServiceKeyStore,
  SlotConditionStore,
  SlotConfigStore,
  SlotOverviewStore,
  TenantKekStore,
} from '#libs/keystore';
import { OutboxRelay } from '#libs/messaging';
import { assistantProviders } from './assistants/assistant.providers.js';
import { authProviders } from './auth/auth.providers.js';
import { CallerService } from './auth/caller.service.js';
import { ByokService } from './byok/byok.service.js';
import { KeyViewService } from './byok/key-view.service.js';
import { NewKeyFactory } from './byok/new-key.factory.js';
import { ProviderSettingsService } from './byok/provider-settings.service.js';
import type { ConfigApiPorts } from './config-api-ports.js';
import { OrganizationsService } from './organizations/organizations.service.js';
import { checkProviders } from './checks/check.providers.js';
import { liveListProviders } from './live-lists/live-list.providers.js';
import { preflightProviders } from './preflight/preflight.providers.js';
import { KeyCheckService } from './checks/key-check.service.js';
import { webhookProviders } from './webhooks/webhook.providers.js';
import { backgroundWork } from './background.providers.js';
import { HousekeepingWorker } from './housekeeping.worker.js';

/** Binds services to stores and stores to the ports. */
export function configApiProviders(ports: ConfigApiPorts, relay: OutboxRelay): Provider[] {
  return [
    ...storeProviders(ports),
    ...serviceProviders(ports),
    ...authProviders(ports),
    ...checkProviders(ports),
    ...assistantProviders(ports),
    ...preflightProviders(ports),
    ...liveListProviders(ports),
    ...webhookProviders(ports),
    backgroundWork,
    { provide: OutboxRelay, useValue: relay },
    { provide: HousekeepingWorker, useValue: new HousekeepingWorker(ports.dataSource) },
  ];
}

function storeProviders({ dataSource, kekProvider, catalogue }: ConfigApiPorts): Provider[] {
  const tenantKeks = new TenantKekStore(dataSource, kekProvider, new TenantKekCache(kekProvider));
  return [
    { provide: Catalogue, useValue: catalogue ?? Catalogue.load() },
    { provide: OrganizationStore, useValue: new OrganizationStore(dataSource) },
    { provide: ServiceKeyStore, useValue: new ServiceKeyStore(dataSource, kekProvider) },
    { provide: TenantKekStore, useValue: tenantKeks },
    { provide: KeySlotStore, useValue: new KeySlotStore(dataSource, tenantKeks) },
    { provide: KeyVerdictStore, useValue: new KeyVerdictStore(dataSource) },
    { provide: SlotConditionStore, useValue: new SlotConditionStore(dataSource) },
    { provide: SlotOverviewStore, useValue: new SlotOverviewStore(dataSource) },
    { provide: ReceiptReaderStore, useValue: new ReceiptReaderStore(dataSource) },
  ];
}

function serviceProviders({ settings, dataSource }: ConfigApiPorts): FactoryProvider[] {
  return [
    {
      provide: NewKeyFactory,
      inject: [KeyCheckService, ServiceKeyStore],
      useFactory: async (checks: KeyCheckService, keys: ServiceKeyStore) =>
        new NewKeyFactory(checks, await keys.get('fingerprint'), settings.LATCHKEY_OVERLAP_SECONDS),
    },
    {
      provide: ByokService,
      inject: [Catalogue, KeySlotStore, SlotConditionStore, NewKeyFactory],
      useFactory: (...parts: ConstructorParameters<typeof ByokService>) => new ByokService(...parts),
    },
    {
      provide: KeyViewService,
      inject: [Catalogue, SlotOverviewStore],
      useFactory: (...parts: ConstructorParameters<typeof KeyViewService>) => new KeyViewService(...parts),
    },
    {
      provide: ProviderSettingsService,
      inject: [Catalogue],
      useFactory: (catalogue: Catalogue) => new ProviderSettingsService(catalogue, new SlotConfigStore(dataSource)),
    },
    {
      provide: OrganizationsService,
      inject: [OrganizationStore, CallerService],
      useFactory: (...parts: ConstructorParameters<typeof OrganizationsService>) => new OrganizationsService(...parts),
    },
  ];
}
