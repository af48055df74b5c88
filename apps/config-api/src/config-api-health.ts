import { OutboxStore, translatingDatabaseErrors } from '#libs/keystore';
import type { OutboxRelay } from '#libs/messaging';
import { metrics, type HealthCheck, type HealthIndicator } from '#libs/observability';
import type { ConfigApiPorts } from './config-api-ports.js';

/** An outbox that waits longer than this is worth a word. */
const backlogSecondsMax = 10;

/**
 * What config-api needs: PostgreSQL and the KEK. The event bus, the outbox and Redis, if it is to count there, are reported
 * but never make it unready: keys can be changed without them, the outbox drains afterwards, and nobody is refused because
 * requests are not counted together.
 */
export function configApiHealth(ports: ConfigApiPorts, relay: OutboxRelay): HealthIndicator[] {
  const { kekProvider, eventBus, attempts } = ports;
  const outbox = new OutboxStore(ports.dataSource);
  return [
    { name: 'postgres', check: () => checkPostgres(ports) },
    { name: 'kek', check: async () => asCheck((await kekProvider.status()).healthy, 'the root KEK cannot be used') },
    { name: 'event_bus', check: async () => tolerated(eventBus.status()) },
    { name: 'outbox', check: () => checkOutbox(outbox, relay) },
    ...(attempts ? [{ name: 'attempt_counter', check: async () => tolerated(await attempts.status()) }] : []),
  ];
}

async function checkPostgres({ dataSource }: ConfigApiPorts): Promise<HealthCheck> {
  await translatingDatabaseErrors(() => dataSource.query('SELECT 1'));
  return { healthy: true };
}

async function checkOutbox(outbox: OutboxStore, relay: OutboxRelay): Promise<HealthCheck> {
  const { pending, oldestSeconds } = await outbox.readBacklog();
  metrics.outboxPending.set(pending);
  if (oldestSeconds < backlogSecondsMax) return tolerated(relay.status());
  return { healthy: true, reason: `${pending} events wait to be published, the oldest for ${oldestSeconds} s` };
}

function asCheck(healthy: boolean, reason: string): HealthCheck {
  return healthy ? { healthy } : { healthy, reason };
}

function tolerated({ reason }: HealthCheck): HealthCheck {
  return { healthy: true, ...(reason && { reason }) };
}
