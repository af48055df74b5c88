import { callKeyFailedSchema, topics, type CallKeyFailed } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { platformOrganizationId, type KeyVerdictStore, type ReceiptReaderStore } from '#libs/keystore';
import type { ReceiptComponent, VersionRef } from '#libs/keystore';
import { deliver, type EventBus, type Outcome, type ReceivedEvent } from '#libs/messaging';
import { nestLogEvent } from '#libs/observability';
import { Logger } from '@nestjs/common';
import type { RecheckWorker } from './recheck.worker.js';

/** Group name of all config-apis: they share the reports. */
const group = 'latchkey-config-api';

/**
 * Takes reports of refused keys: finds out by the call's receipt which key was meant, and has it checked. A report about
 * a call or a component that had no key is a dead letter; one about a key that is not in use any more needs nothing, and
 * one about a key that was checked a moment ago waits for half a minute to pass.
 */
export class KeyFailureConsumer {
  private readonly logger = new Logger(KeyFailureConsumer.name);

  constructor(
    private readonly bus: EventBus,
    private readonly receipts: ReceiptReaderStore,
    private readonly verdicts: KeyVerdictStore,
    private readonly worker: RecheckWorker,
  ) {}

  /** Reports flow as soon as the bus can be reached. */
  start(): void {
    const topic = topics.callKeyFailed;
    const log = nestLogEvent('key-failures');
    const onSlice = deliver<CallKeyFailed>(this.bus, { topic, schema: callKeyFailedSchema, log }, (events) =>
      this.handle(events),
    );
    this.bus
      .subscribe({ topics: [topic, topics.callKeyFailedRetry], group, onSlice })
      .catch((error: unknown) => this.logger.error({ msg: 'the subscription failed', err: error }));
  }

  private async handle(events: readonly ReceivedEvent<CallKeyFailed>[]): Promise<Outcome[]> {
    const calls = events.map(({ value }) => ({ organizationId: value.organization_id, callId: value.call_id }));
    const receipts = await this.receipts.findComponents(calls);
    const meant = events.map(({ value }, n) => keyOf(value, receipts[n]));
    const refs = meant.filter((key): key is VersionRef => !(key instanceof AppError));
    if (refs.length > 0 && (await this.verdicts.requestChecks(refs)) > 0) this.worker.wake();
    return meant.map((key): Outcome => (key instanceof AppError ? { kind: 'failed', error: key } : { kind: 'done' }));
  }
}

/** The key that the component had, or why the report cannot be about one. */
function keyOf(report: CallKeyFailed, components: ReceiptComponent[] | undefined): VersionRef | AppError {
  if (!components) return new AppError('not_found', 'unknown_call', { message: 'the call has no receipt' });
  const component = components.find((candidate) => candidate.component === report.component);
  if (component?.status !== 'resolved') {
    return new AppError('invalid', 'component_without_key', { message: 'the component had no key in the call' });
  }
  return { organizationId: ownerOf(report, component), provider: component.slot, version: component.version };
}

function ownerOf(report: CallKeyFailed, component: Extract<ReceiptComponent, { status: 'resolved' }>): string {
  if (component.source === 'platform') return platformOrganizationId;
  return component.source === 'inherited' ? component.inherited_from! : report.organization_id;
}
