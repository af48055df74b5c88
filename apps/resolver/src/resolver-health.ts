import { translatingDatabaseErrors } from '#libs/keystore';
import type { HealthIndicator } from '#libs/observability';
import type { ResolverPorts } from './resolver-ports.js';

/** What the resolver depends on. Without the handle store it still answers over gRPC, so that only gives a reason. */
export function resolverHealth({ dataSource, handleStore, kekProvider, eventBus }: ResolverPorts): HealthIndicator[] {
  return [
    {
      name: 'postgres',
      check: async () => {
        await translatingDatabaseErrors(() => dataSource.query('SELECT 1'));
        return { healthy: true };
      },
    },
    { name: 'kek', check: () => kekProvider.status() },
    { name: 'event_bus', check: async () => eventBus.status() },
    {
      name: 'handle_store',
      check: async () => {
        const { healthy, reason } = await handleStore.status();
        if (healthy) return { healthy };
        return { healthy: true, reason: `handles cannot be kept, ResolveCall delivers keys directly: ${reason ?? ''}` };
      },
    },
  ];
}
