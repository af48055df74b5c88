import type { Provider } from '@nestjs/common';
import { ApiTokenStore, IdempotentRequestStore, ServiceKeyStore } from '#libs/keystore';
import type { ConfigApiPorts } from '../config-api-ports.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { IdempotentPosts } from '../idempotency/idempotent-posts.js';
import { GuessLimit } from '../limits/guess-limit.js';
import { limitProviders } from '../limits/limit.providers.js';
import { RequestQuota } from '../limits/request-quota.js';
import { TokensService } from '../tokens/tokens.service.js';
import { CallerRecognition } from './caller-recognition.js';
import { CallerService } from './caller.service.js';
import { LastUseWorker } from './last-use.worker.js';

/** Who asks, how often, and whether it is a repetition. */
export function authProviders(ports: ConfigApiPorts): Provider[] {
  const { dataSource, settings } = ports;
  return [
    { provide: ApiTokenStore, useValue: new ApiTokenStore(dataSource) },
    { provide: IdempotentRequestStore, useValue: new IdempotentRequestStore(dataSource) },
    ...limitProviders(ports),
    {
      provide: CallerService,
      inject: [ApiTokenStore, ServiceKeyStore],
      useFactory: async (tokens: ApiTokenStore, keys: ServiceKeyStore) =>
        new CallerService(tokens, await keys.get('token-hash'), settings.LATCHKEY_ADMIN_TOKEN),
    },
    {
      provide: LastUseWorker,
      inject: [ApiTokenStore],
      useFactory: (tokens: ApiTokenStore) => new LastUseWorker(tokens),
    },
    {
      provide: CallerRecognition,
      inject: [CallerService, RequestQuota, GuessLimit, LastUseWorker],
      useFactory: (...parts: ConstructorParameters<typeof CallerRecognition>) => new CallerRecognition(...parts),
    },
    {
      provide: IdempotentPosts,
      inject: [IdempotentRequestStore, ServiceKeyStore],
      useFactory: async (requests: IdempotentRequestStore, keys: ServiceKeyStore) =>
        new IdempotentPosts(new IdempotencyService(requests, await keys.get('idempotency'))),
    },
    {
      provide: TokensService,
      inject: [ApiTokenStore, CallerService],
      useFactory: (...parts: ConstructorParameters<typeof TokensService>) => new TokensService(...parts),
    },
  ];
}
