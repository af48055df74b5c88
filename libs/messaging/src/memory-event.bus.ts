import { AppError } from '#libs/errors';
import { settledWithin } from './backoff.js';
import { cloudEventHeaders, forwardedHeaders } from './cloud-event.js';
import { EventBus, type BusStatus, type Subscription } from './event-bus.port.js';
import { assertSize, sizeOf, type PublishableEvent } from './event.js';
import { silentLog, type LogEvent } from './log-event.js';
import { MemoryBroker } from './memory-broker.js';
import type { MemoryMember } from './memory-group.js';
import type { StoredParts } from './memory-partition.js';

export interface MemoryEventBusOptions {
  /** Shared by buses that should see each other's events. Default: one of its own. */
  broker?: MemoryBroker;
  /** `ce_source` of what is published here. */
  source?: string;
  /** How long `drain` waits for handlers. Default 10 s. */
  drainTimeoutMs?: number;
  log?: LogEvent;
}

/** The event bus of a single process: the guarantees of the port, as long as the process lives. */
export class MemoryEventBus extends EventBus {
  private readonly broker: MemoryBroker;
  private readonly log: LogEvent;
  private members: MemoryMember[] = [];
  private state: 'open' | 'draining' | 'closed' = 'open';

  constructor(private readonly options: MemoryEventBusOptions = {}) {
    super();
    this.broker = options.broker ?? new MemoryBroker();
    this.log = options.log ?? silentLog;
  }

  override async publish(events: readonly PublishableEvent[]): Promise<void> {
    if (this.state === 'closed') throw new AppError('unavailable', 'event_bus_closed');
    this.broker.append(events.map((event) => this.stored(event)));
  }

  override async subscribe(subscription: Subscription): Promise<void> {
    if (this.state !== 'open') throw new AppError('unavailable', 'event_bus_closed');
    const member = { subscription, log: this.log };
    this.members.push(member);
    this.broker.join(member);
  }

  override status(): BusStatus {
    return this.state === 'open' ? { healthy: true } : { healthy: false, reason: `the event bus is ${this.state}` };
  }

  override async drain(): Promise<void> {
    if (this.state === 'open') this.state = 'draining';
    const left = Promise.all(this.members.map((member) => this.broker.leave(member)));
    const finished = await settledWithin(left, this.options.drainTimeoutMs ?? 10_000);
    if (!finished) this.log('warn', 'handlers are still busy after the time to drain');
  }

  override async close(): Promise<void> {
    await this.drain();
    this.state = 'closed';
  }

  private stored(event: PublishableEvent): StoredParts {
    const forwarded = 'original' in event;
    const parts = forwarded
      ? { ...event.original, headers: { ...event.original.headers, ...event.headers } }
      : { key: event.key, value: event.value, headers: cloudEventHeaders(event, this.options.source ?? 'memory') };
    const rawHeaders = forwarded ? forwardedHeaders(event) : parts.headers;
    assertSize(event, sizeOf({ key: parts.key, value: parts.value, headers: rawHeaders }));
    const raw = forwarded && event.original.raw ? { key: event.original.raw.key, headers: rawHeaders } : undefined;
    const { key, value, headers } = parts;
    return { topic: event.topic, key, value, headers, forwarded, ...(raw && { raw }) };
  }
}
