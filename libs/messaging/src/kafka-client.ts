import { Kafka, logLevel, type logCreator } from 'kafkajs';
import { quietIdleConnections } from './kafka-idle-connection.js';
import { useLeanProduceEncoder } from './kafka-produce-encoder.js';
import { useLeanRecordDecoder } from './kafka-record-decoder.js';
import type { LogEvent } from './log-event.js';

export interface KafkaClientOptions {
  brokers: string[];
  clientId: string;
  /** How often kafkajs itself tries again. Default 5. */
  retries?: number;
  log: LogEvent;
}

/** A kafkajs client that writes to our log and leaves long outages to us. */
export function kafkaClient({ brokers, clientId, retries = 5, log }: KafkaClientOptions): Kafka {
  quietIdleConnections();
  useLeanProduceEncoder();
  useLeanRecordDecoder();
  return new Kafka({
    brokers,
    clientId,
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, factor: 0.2, multiplier: 2, maxRetryTime: 1_000, retries },
    logLevel: logLevel.WARN,
    logCreator: writingTo(log),
  });
}

/**
 * What kafkajs reports about single connections and requests is for debugging: what it means for events we report
 * ourselves. Only words are passed on, since some of its entries carry whole messages.
 */
function writingTo(log: LogEvent): logCreator {
  return () =>
    ({ namespace, log: { message, groupId, error, broker } }) =>
      log('debug', `kafkajs ${namespace}: ${message}`, {
        ...(typeof groupId === 'string' && { groupId }),
        ...(typeof broker === 'string' && { broker }),
        ...(typeof error === 'string' && { error }),
      });
}
