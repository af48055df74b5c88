import type { FactoryProvider } from '@nestjs/common';
import { Catalogue } from '#libs/catalogue';
import { StoredKeyReader } from '#libs/resolution';
import type { ConfigApiPorts } from '../config-api-ports.js';
import { AccountListService } from './account-list.service.js';
import { LiveListService } from './live-list.service.js';
import { LiveVoiceLibrary } from './live-voice.library.js';

/** What asks providers for their models and voices. */
export function liveListProviders({ providerLists }: ConfigApiPorts): FactoryProvider[] {
  return [
    {
      provide: AccountListService,
      inject: [StoredKeyReader],
      useFactory: (storedKeys: StoredKeyReader) => new AccountListService(storedKeys, providerLists),
    },
    {
      provide: LiveListService,
      inject: [Catalogue, AccountListService],
      useFactory: (...parts: ConstructorParameters<typeof LiveListService>) => new LiveListService(...parts),
    },
    {
      provide: LiveVoiceLibrary,
      inject: [Catalogue, AccountListService],
      useFactory: (...parts: ConstructorParameters<typeof LiveVoiceLibrary>) => new LiveVoiceLibrary(...parts),
    },
  ];
}
