import { outcomeId, topics, type CallEnded, type CallKeysResolved, type CallStarted } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { OnEvents, type Outcome, type ReceivedEvent } from '#libs/messaging';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { announcedAtOf, defaultAudience, type CallRequest } from './call-request.js';
import { CallService } from './call.service.js';

/** Calls that start and end, as the event bus hands them over: a slice at a time, one outcome for each. */
@Controller()
export class CallEventsController {
  constructor(private readonly calls: CallService) {}

  @OnEvents(topics.callStarted)
  async started(@Payload() events: ReceivedEvent<CallStarted>[]): Promise<Outcome[]> {
    const answers = await this.calls.start(events.map(callRequestOf));
    return answers.map((answer, index) =>
      answer instanceof AppError ? { kind: 'failed', error: answer } : resolvedOutcome(events[index]!, answer),
    );
  }

  @OnEvents(topics.callEnded)
  async ended(@Payload() events: ReceivedEvent<CallEnded>[]): Promise<Outcome[]> {
    await this.calls.end(events.map((event) => event.value));
    return events.map(() => ({ kind: 'done' }));
  }
}

function callRequestOf({ value, time }: ReceivedEvent<CallStarted>): CallRequest {
  return {
    callId: value.call_id,
    organizationId: value.organization_id,
    audience: value.audience ?? defaultAudience,
    announcedAt: announcedAtOf(value.started_at, new Date(time)),
    assistantId: value.assistant_id,
    region: value.region,
    config: value.config,
  };
}

function resolvedOutcome(event: ReceivedEvent<CallStarted>, answer: CallKeysResolved): Outcome {
  return {
    kind: 'done',
    publish: [
      {
        topic: topics.callKeysResolved,
        key: answer.call_id,
        id: outcomeId(event.id, topics.callKeysResolved),
        type: topics.callKeysResolved,
        value: Buffer.from(JSON.stringify(answer)),
        time: answer.resolved_at,
        ...(event.headers.traceparent !== undefined && { headers: { traceparent: event.headers.traceparent } }),
      },
    ],
  };
}
