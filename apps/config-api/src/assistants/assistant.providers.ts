import type { Provider } from '@nestjs/common';
import { Catalogue } from '#libs/catalogue';
import { AssistantStore } from '#libs/keystore';
import type { ConfigApiPorts } from '../config-api-ports.js';
import { AssistantsService } from './assistants.service.js';

/** Assistants on the ports. */
export function assistantProviders({ dataSource }: ConfigApiPorts): Provider[] {
  return [
    {
      provide: AssistantsService,
      inject: [Catalogue],
      useFactory: (catalogue: Catalogue) => new AssistantsService(catalogue, new AssistantStore(dataSource)),
    },
  ];
}
