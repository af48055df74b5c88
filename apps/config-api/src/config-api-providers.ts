import type { FactoryProvider, Provider } from '@nestjs/common';
import { Catalogue } from '#libs/catalogue';
import { TenantKekCache } from '#libs/crypto';
import {
  KeySlotStore,
  OrganizationStore,
  ReceiptReaderStore,
  ServiceKeyStore,
  SlotOverviewStore,
  TenantKekStore,
} from '#libs/keystore';
import { OutboxRelay } from '#libs/messaging';
import { CallerService } from './auth/caller.service.js';
import { ByokService } from './byok/byok.service.js';
import { KeyViewService } from './byok/key-view.service.js';
import { NewKeyFactory } from './byok/new-key.factory.js';
import type { ConfigApiPorts } from './config-api-ports.js';
import { OrganizationsService } from './organizations/organizations.service.js';
import { HousekeepingWorker } from './housekeeping.worker.js';

/** Binds services to stores and stores to the ports. */
export function configApiProviders(ports: ConfigApiPorts, relay: OutboxRelay): Provider[] {
  return [
    ...storeProviders(ports),
    ...serviceProviders(ports),
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
    { provide: KeySlotStore, useValue: new KeySlotStore(dataSource, tenantKeks) },
    { provide: SlotOverviewStore, useValue: new SlotOverviewStore(dataSource) },
    { provide: ReceiptReaderStore, useValue: new ReceiptReaderStore(dataSource) },
  ];
}

function serviceProviders({ settings }: ConfigApiPorts): FactoryProvider[] {
  return [
    {
      provide: CallerService,
      inject: [OrganizationStore, ServiceKeyStore],
      useFactory: async (organizations: OrganizationStore, keys: ServiceKeyStore) =>
        new CallerService(organizations, await keys.get('token-hash'), settings.LATCHKEY_ADMIN_TOKEN),
    },
    {
      provide: NewKeyFactory,
      inject: [ServiceKeyStore],
      useFactory: async (keys: ServiceKeyStore) =>
        new NewKeyFactory(await keys.get('fingerprint'), settings.LATCHKEY_OVERLAP_SECONDS),
    },
    {
      provide: ByokService,
      inject: [Catalogue, KeySlotStore, SlotOverviewStore, NewKeyFactory],
      useFactory: (...parts: ConstructorParameters<typeof ByokService>) => new ByokService(...parts),
    },
    {
      provide: KeyViewService,
      inject: [Catalogue, SlotOverviewStore],
      useFactory: (...parts: ConstructorParameters<typeof KeyViewService>) => new KeyViewService(...parts),
    },
    {
      provide: OrganizationsService,
      inject: [OrganizationStore, CallerService],
      useFactory: (...parts: ConstructorParameters<typeof OrganizationsService>) => new OrganizationsService(...parts),
    },
  ];
}
