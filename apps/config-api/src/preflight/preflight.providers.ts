import { Catalogue } from '#libs/catalogue';
import { AssistantConfigStore, KeyVerdictStore, SlotSnapshotStore, TenantKekStore } from '#libs/keystore';
import { loggingSlotReader, OpenedKeyCache, ResolutionService, SlotReader, StoredKeyReader } from '#libs/resolution';
import { Logger, type Provider } from '@nestjs/common';
import type { ConfigApiPorts } from '../config-api-ports.js';
import { LiveVoiceLibrary } from '../live-lists/live-voice.library.js';
import { ConfigFindings } from './config-findings.js';
import { PreflightService } from './preflight.service.js';

/** The resolution of calls as the resolver runs it, and what asks it. */
export function preflightProviders({ dataSource }: ConfigApiPorts): Provider[] {
  const snapshots = new SlotSnapshotStore(dataSource);
  const assistants = new AssistantConfigStore(dataSource);
  return [
    { provide: OpenedKeyCache, useFactory: () => new OpenedKeyCache() },
    {
      provide: SlotReader,
      inject: [TenantKekStore, OpenedKeyCache],
      useFactory: (tenantKeks: TenantKekStore, opened: OpenedKeyCache) =>
        loggingSlotReader({ snapshots, tenantKeks }, opened, new Logger('resolution')),
    },
    { provide: StoredKeyReader, inject: [SlotReader], useFactory: (slots: SlotReader) => new StoredKeyReader(slots) },
    {
      provide: ResolutionService,
      inject: [Catalogue, SlotReader],
      useFactory: (catalogue: Catalogue, slots: SlotReader) => new ResolutionService(catalogue, slots, assistants),
    },
    {
      provide: ConfigFindings,
      inject: [Catalogue, LiveVoiceLibrary],
      useFactory: (...parts: ConstructorParameters<typeof ConfigFindings>) => new ConfigFindings(...parts),
    },
    {
      provide: PreflightService,
      inject: [ResolutionService, KeyVerdictStore, ConfigFindings],
      useFactory: (resolution: ResolutionService, verdicts: KeyVerdictStore, findings: ConfigFindings) =>
        new PreflightService(resolution, { snapshots, verdicts }, findings),
    },
  ];
}
