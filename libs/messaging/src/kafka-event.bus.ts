import { AppError } from '#libs/errors';
import { Partitioners, type Kafka } from 'kafkajs';
import { EventBus, type BusStatus, type Subscription } from './event-bus.port.js';
import type { PublishableEvent } from './event.js';
import { kafkaClient } from './kafka-client.js';
import { KafkaEventConsumer } from './kafka-event.consumer.js';
import { KafkaEventProducer } from './kafka-event.producer.js';
import { toRecord } from './kafka-record.js';
import { silentLog, type LogEvent } from './log-event.js';

/** Of one partition in one fetch: what waits in memory behind the slice in hand grows old and costs collections. */
const fetchBytesMax = 256 * 1024;

export interface KafkaEventBusOptions {
  brokers: string[];
  clientId: string;
  /** `ce_source` of what is published here. */
  source: string;
  /** Put before every topic and group name: deployments on one broker neither see nor hinder each other. */
  topicPrefix?: string;
  /** How long `publish` waits through an outage. Default 30 s. */
  publishDeadlineMs?: number;
  /** How long `drain` waits for handlers. Default 10 s. */
  drainTimeoutMs?: number;
  /** A consumer has stopped for good: the process should end. */
  onCrash?: (error: Error) => void;
  log?: LogEvent;
}

/** The event bus on Apache Kafka. Topics must exist (see `ensureTopics`). */
export class KafkaEventBus extends EventBus {
  private readonly kafka: Kafka;
  private readonly producer: KafkaEventProducer;
  private readonly log: LogEvent;
  private readonly topicPrefix: string;
  private readonly consumers: KafkaEventConsumer[] = [];
  private draining = false;
  private closed = false;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: KafkaEventBusOptions) {
    super();
    this.log = options.log ?? silentLog;
    this.topicPrefix = options.topicPrefix ?? '';
    const client = { brokers: options.brokers, clientId: options.clientId, log: this.log };
    this.kafka = kafkaClient(client);
    const producer = kafkaClient({ ...client, retries: 1 }).producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    this.producer = new KafkaEventProducer(producer, options.publishDeadlineMs ?? 30_000, this.log);
  }

  override async publish(events: readonly PublishableEvent[]): Promise<void> {
    if (this.closed) throw new AppError('unavailable', 'event_bus_closed');
    const { source } = this.options;
    await this.producer.send(events.map((event) => toRecord(event, this.topicPrefix + event.topic, source)));
  }

  override async subscribe(subscription: Subscription): Promise<void> {
    if (this.draining) throw new AppError('unavailable', 'event_bus_closed');
    const consumer = this.kafka.consumer({
      groupId: this.topicPrefix + subscription.group,
      allowAutoTopicCreation: false,
      sessionTimeout: 8_000,
      heartbeatInterval: 1_500,
      rebalanceTimeout: 10_000,
      minBytes: 1,
      maxWaitTimeInMs: 100,
      maxBytesPerPartition: fetchBytesMax,
    });
    const subscribed = new KafkaEventConsumer(consumer, {
      subscription,
      topicPrefix: this.topicPrefix,
      drainTimeoutMs: this.options.drainTimeoutMs ?? 10_000,
      onCrash: (error) => this.options.onCrash?.(error),
      log: this.log,
    });
    this.consumers.push(subscribed);
    await subscribed.start();
  }

  override status(): BusStatus {
    const sick = this.consumers.map((consumer) => consumer.status()).find(({ healthy }) => !healthy);
    if (sick) return sick;
    if (this.draining) return { healthy: false, reason: 'the event bus is closing' };
    if (!this.producer.healthy) return { healthy: false, reason: 'the broker does not acknowledge events' };
    return { healthy: true };
  }

  override async drain(): Promise<void> {
    this.draining = true;
    await Promise.all(this.consumers.map((consumer) => consumer.drain()));
  }

  override close(): Promise<void> {
    this.closing ??= this.drain().then(() => {
      this.closed = true;
      return this.producer.close();
    });
    return this.closing;
  }
}
