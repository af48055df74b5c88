import { outcomeId, topics, type CallKeyFailed, type CallKeysResolved } from '#libs/contracts';
import type { EventBus, OutgoingEvent } from '#libs/messaging';
import { Logger } from '@nestjs/common';

/** Tells the bus what happened over gRPC and others must know. */
export class CallAnnouncementService {
  private readonly logger = new Logger(CallAnnouncementService.name);

  constructor(private readonly bus: EventBus) {}

  /** A provider refused a key. Resolves when the report is stored. Sent twice, a report has one id. */
  async report(failure: CallKeyFailed): Promise<void> {
    const { call_id: callId, organization_id: organizationId, component, status } = failure;
    const id = [organizationId, callId, component, status].join('\n');
    await this.bus.publish([eventOf(topics.callKeyFailed, id, failure)]);
  }

  /**
   * The answer to a call in which another's key took the place of one that could not be used; other answers are the
   * caller's alone. Does not wait: the call goes on if nobody can be told.
   */
  announceFallback(answer: CallKeysResolved): void {
    if (!answer.components.some(isFallback)) return;
    const id = [answer.organization_id, answer.call_id, answer.resolved_at].join('\n');
    this.bus.publish([eventOf(topics.callKeysResolved, id, answer)]).catch((error: unknown) => {
      this.logger.warn({ msg: 'a fallback was not announced', call_id: answer.call_id, err: error });
    });
  }
}

function isFallback(component: CallKeysResolved['components'][number]): boolean {
  if (component.status === 'unresolved') return false;
  return component.fallback_reason !== undefined && component.fallback_reason !== 'no_key';
}

function eventOf(topic: string, id: string, value: { call_id: string }): OutgoingEvent {
  return {
    topic,
    key: value.call_id,
    id: outcomeId(id, topic),
    type: topic,
    value: Buffer.from(JSON.stringify(value)),
    time: new Date().toISOString(),
  };
}
