import { AppError } from '#libs/errors';

/** Answers of a broker that another try will not change. */
const permanentTypes = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_TIMESTAMP',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
]);

/**
 * An error of kafkajs in our terms: `unavailable` when waiting may help (`event_topic_unknown` concerns one topic,
 * `event_bus_unavailable` everything), `invalid` or `forbidden` otherwise.
 */
export function translateKafkaError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const type = typeOf(error);
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION')
    return new AppError('unavailable', 'event_topic_unknown', { cause: error });
  if (type === undefined || !permanentTypes.has(type)) {
    return new AppError('unavailable', 'event_bus_unavailable', { cause: error });
  }
  if (type.endsWith('TOO_LARGE')) return new AppError('invalid', 'event_too_large', { cause: error });
  if (type.endsWith('AUTHORIZATION_FAILED')) return new AppError('forbidden', 'event_bus_forbidden', { cause: error });
  return new AppError('invalid', 'event_refused', { message: `the broker answered ${type}`, cause: error });
}

/** The protocol's name of an error; kafkajs wraps it in errors of its own. */
function typeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('type' in error && typeof error.type === 'string') return error.type;
  return typeOf(error.cause);
}
