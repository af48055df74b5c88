import { randomUUID } from 'node:crypto';
import {
  callKeysResolvedSchema,
  deadLetterTopicOf,
  outcomeId,
  topics,
  type CallKeysResolved,
  type CallStarted,
} from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { EventBus, IncomingEvent } from '#libs/messaging';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';

const answerTimeoutMs = 5_000;

interface Waiting {
  resolve(answer: CallKeysResolved): void;
  reject(error: AppError): void;
}

/** Announces calls on the bus for callers that have no bus of their own, and waits for their answers. */
@Injectable()
export class CallIntakeService implements OnApplicationBootstrap {
  /** By the id of the event that will end the wait: the answer's, or the call's own when it is a dead letter. */
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly bus: EventBus) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.bus.subscribe({
      topics: [topics.callKeysResolved, deadLetterTopicOf(topics.callStarted)],
      group: 'latchkey-call-intake',
      onSlice: async (slice) => slice.forEach((event) => this.settle(event)),
    });
  }

  /** The answer to the call; `unavailable` when there is none in five seconds (the event stays on its way). */
  async announce(call: CallStarted): Promise<CallKeysResolved> {
    const id = randomUUID();
    const answerId = outcomeId(id, topics.callKeysResolved);
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<CallKeysResolved>((resolve, reject) => {
      const waiting = { resolve, reject };
      this.waiting.set(answerId, waiting).set(id, waiting);
      timer = setTimeout(() => reject(lateAnswer()), answerTimeoutMs);
    });
    try {
      await Promise.all([answer, this.publish(id, call)]);
      return await answer;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(answerId);
      this.waiting.delete(id);
    }
  }

  private async publish(id: string, call: CallStarted): Promise<void> {
    await this.bus.publish([
      {
        topic: topics.callStarted,
        key: call.call_id,
        id,
        type: topics.callStarted,
        value: Buffer.from(JSON.stringify(call)),
        time: new Date().toISOString(),
      },
    ]);
  }

  private settle(event: IncomingEvent): void {
    const waiting = this.waiting.get(event.headers.ce_id ?? '');
    if (!waiting) return;
    if (event.topic === topics.callKeysResolved) {
      waiting.resolve(callKeysResolvedSchema.parse(JSON.parse(event.value?.toString('utf8') ?? 'null')));
    } else {
      waiting.reject(refusedCall(event.headers));
    }
  }
}

function lateAnswer(): AppError {
  return new AppError('unavailable', 'no_answer_yet', {
    message: 'The call was taken but is not resolved yet; send it again with the same call_id.',
  });
}

function refusedCall(headers: IncomingEvent['headers']): AppError {
  const code = headers['latchkey-error-code'] ?? 'invalid_event';
  return new AppError(code === 'organization_not_found' ? 'not_found' : 'invalid', code, {
    message: headers['latchkey-error-message'] ?? 'The call could not be handled.',
  });
}
