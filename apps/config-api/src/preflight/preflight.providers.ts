import { Catalogue } from '#libs/catalogue';
import {
  AssistantConfigStore,
  KeyVerdictStore,
  SlotOverviewStore,
  SlotSnapshotStore,
  TenantKekStore,
} from '#libs/keystore';
import { OpenedKeyCache, ResolutionService, SlotReader, StoredKeyReader } from '#libs/resolution';
import { Logger, type Provider } from '@nestjs/common';
import type { ConfigApiPorts } from '../config-api-ports.js';
import { ConfigFindings, VoiceLibrary } from './config-findings.js';
import { PreflightService } from './preflight.service.js';

/** The resolution of calls as the resolver runs it, and what asks it. */
export function preflightProviders({ dataSource }: ConfigApiPorts): Provider[] {
  const logger = new Logger('resolution');
  const assistants = new AssistantConfigStore(dataSource);
  return [
    {
      provide: SlotReader,
      inject: [TenantKekStore],
      useFactory: (tenantKeks: TenantKekStore) =>
        new SlotReader(new SlotSnapshotStore(dataSource), tenantKeks, new OpenedKeyCache(), (slot) =>
          logger.error(`the stored key of ${slot.organizationId}/${slot.provider} does not open`),
        ),
    },
    { provide: StoredKeyReader, inject: [SlotReader], useFactory: (slots: SlotReader) => new StoredKeyReader(slots) },
    {
      provide: ResolutionService,
      inject: [Catalogue, SlotReader],
      useFactory: (catalogue: Catalogue, slots: SlotReader) => new ResolutionService(catalogue, slots, assistants),
    },
    {
      provide: ConfigFindings,
      inject: [Catalogue, VoiceLibrary],
      useFactory: (...parts: ConstructorParameters<typeof ConfigFindings>) => new ConfigFindings(...parts),
    },
    {
      provide: PreflightService,
      inject: [ResolutionService, SlotOverviewStore, KeyVerdictStore, ConfigFindings],
      useFactory: (
        resolution: ResolutionService,
        overviews: SlotOverviewStore,
        verdicts: KeyVerdictStore,
        findings: ConfigFindings,
      ) => new PreflightService(resolution, { assistants, overviews, verdicts }, findings),
    },
  ];
}
