/** Every topic we read or write. The name is the CloudEvents type; a deployment may put one prefix before all of them. */
export const topics = {
  callStarted: 'call.started.v1',
  callStartedRetry: 'call.started.v1.retry',
  callStartedDeadLetter: 'call.started.v1.dlq',
  callEnded: 'call.ended.v1',
  callEndedRetry: 'call.ended.v1.retry',
  callEndedDeadLetter: 'call.ended.v1.dlq',
  callKeysResolved: 'call.keys.resolved.v1',
  callKeyFailed: 'call.key.failed.v1',
  callKeyFailedRetry: 'call.key.failed.v1.retry',
  callKeyFailedDeadLetter: 'call.key.failed.v1.dlq',
  /** Of config-api, which watches for fallbacks. */
  callKeysResolvedRetry: 'call.keys.resolved.v1.retry',
  callKeysResolvedDeadLetter: 'call.keys.resolved.v1.dlq',
  byokKeyChanged: 'byok.key.changed.v1',
} as const;

export type Topic = (typeof topics)[keyof typeof topics];

/** Where events of `topic` wait for their next try. */
export const retryTopicOf = (topic: string): string => `${topic}.retry`;

/** Where events of `topic` end that cannot be handled. */
export const deadLetterTopicOf = (topic: string): string => `${topic}.dlq`;
