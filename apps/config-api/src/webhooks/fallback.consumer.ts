import { callKeysResolvedSchema, topics, type CallKeysResolved } from '#libs/contracts';
import type { FallbackUse, SlotNoticeStore } from '#libs/keystore';
import { deliver, type EventBus, type IncomingEvent, type Outcome, type ReceivedEvent } from '#libs/messaging';
import { nestLogEvent } from '#libs/observability';
import { Logger } from '@nestjs/common';

/** Group name of all config-apis that watch for fallbacks. */
const group = 'latchkey-config-api-fallbacks';

/** Watches the answers to calls for components that ran on another's key because their own could not be used. */
export class FallbackConsumer {
  private readonly logger = new Logger(FallbackConsumer.name);

  constructor(
    private readonly bus: EventBus,
    private readonly notices: SlotNoticeStore,
  ) {}

  /** Answers flow as soon as the bus can be reached. */
  start(): void {
    const topic = topics.callKeysResolved;
    const log = nestLogEvent('fallbacks');
    const handle = deliver<CallKeysResolved>(this.bus, { topic, schema: callKeysResolvedSchema, log }, (events) =>
      this.handle(events),
    );
    this.bus
      .subscribe({
        topics: [topic, topics.callKeysResolvedRetry],
        group,
        onSlice: async (slice, signal) => {
          const worthReading = slice.filter(mayTellOfFallback);
          if (worthReading.length > 0) await handle(worthReading, signal);
        },
      })
      .catch((error: unknown) => this.logger.error({ msg: 'the subscription failed', err: error }));
  }

  private async handle(events: readonly ReceivedEvent<CallKeysResolved>[]): Promise<Outcome[]> {
    const uses = events.flatMap(({ value }) => fallbacksOf(value));
    if (uses.length > 0) await this.notices.tellOfFallbacks(uses);
    return events.map(() => ({ kind: 'done' }));
  }
}

/** Most answers have no fallback: they are not worth parsing. */
function mayTellOfFallback({ value }: IncomingEvent): boolean {
  return value?.includes('"fallback_reason"') ?? false;
}

/** The slots of the call whose key is there but could not be used. */
function fallbacksOf({
  call_id: callId,
  organization_id: organizationId,
  components,
}: CallKeysResolved): FallbackUse[] {
  return components.flatMap((component): FallbackUse[] => {
    if (component.status !== 'resolved') return [];
    const { slot: provider, source, fallback_reason: reason } = component;
    if (reason === undefined || reason === 'no_key') return [];
    return [{ organizationId, provider, callId, component: component.component, reason, source }];
  });
}
