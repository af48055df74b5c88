import { deliveryHeaders } from '#libs/messaging';

/** Headers of every event: CloudEvents 1.0, Kafka protocol binding, binary content mode. */
export const cloudEventTrait = {
  headers: {
    type: 'object',
    required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source'],
    properties: {
      ce_specversion: { type: 'string', const: '1.0' },
      ce_id: { type: 'string', minLength: 1, maxLength: 256, description: 'A repeated id is the same event again.' },
      ce_type: { type: 'string', description: 'The name of the topic, without a prefix.' },
      ce_source: { type: 'string', minLength: 1, description: 'Who tells it.' },
      ce_time: { type: 'string', format: 'date-time', description: 'Without it: when the broker stored the event.' },
      'content-type': { type: 'string', examples: ['application/json'] },
      traceparent: { type: 'string', description: 'W3C Trace Context; passed on to what comes of the event.' },
    },
  },
};

const originHeaders = {
  [deliveryHeaders.originalTopic]: { type: 'string', description: 'Where the event was first.' },
  [deliveryHeaders.originalPartition]: { type: 'string' },
  [deliveryHeaders.originalOffset]: { type: 'string' },
};

export const retryHeaders = {
  type: 'object',
  properties: {
    ...originHeaders,
    [deliveryHeaders.attempt]: { type: 'string', description: 'Which delivery the next one is.' },
    [deliveryHeaders.retryAt]: { type: 'string', description: 'Not before (Unix time, milliseconds).' },
  },
};

export const deadLetterHeaders = {
  type: 'object',
  properties: {
    ...originHeaders,
    [deliveryHeaders.attempt]: { type: 'string', description: 'How often it was delivered.' },
    [deliveryHeaders.errorCode]: { type: 'string', description: 'Why it could not be handled, for programs.' },
    [deliveryHeaders.errorMessage]: { type: 'string', description: 'The same for people; never has a key in it.' },
  },
};
