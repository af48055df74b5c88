import { eventSchemas, retryTopicOf } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { BaseRpcContext, Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { z } from 'zod';
import { deliver, type DeliveryOptions, type EventHandler, type Outcome } from './delivery.js';
import type { EventBus, SliceHandler, Subscription } from './event-bus.port.js';
import { silentLog, type LogEvent } from './log-event.js';
import { eventTransportId } from './on-events.js';

export interface EventTransportOptions
  extends Pick<Subscription, 'sliceEventsMax' | 'sliceBytesMax'>, Pick<DeliveryOptions<unknown>, DeliverySetting> {
  bus: EventBus;
  group: string;
  /** Topics that must have a handler; the start fails otherwise. */
  topics?: readonly string[];
  /** The schema of every topic. Default: `eventSchemas` of contracts. */
  schemas?: Readonly<Record<string, z.ZodType>>;
  log?: LogEvent;
}
type DeliverySetting = 'attemptsMax' | 'retryBackoff' | 'valueBytesMax';

/**
 * Nest's way to our event bus: the `@OnEvents` methods of controllers receive slices, with all guarantees of `deliver`.
 * Pass it as `strategy` to `createMicroservice` or `connectMicroservice`. Global guards, pipes and interceptors of a
 * hybrid application stay out unless `inheritAppConfig` is set.
 */
export class EventTransport extends Server implements CustomTransportStrategy {
  override readonly transportId = eventTransportId;
  override readonly propagatesEventHandlerErrors = true;
  private readonly log: LogEvent;

  constructor(private readonly options: EventTransportOptions) {
    super();
    this.log = options.log ?? silentLog;
  }

  /**
   * Fails when a topic lacks a handler or a schema. The subscription itself goes on in the background until the broker
   * can be reached (`EventBus.status` tells), so that a process can start before its broker.
   */
  override listen(callback: (error?: unknown) => void): void {
    let handlers: Map<string, SliceHandler>;
    try {
      handlers = this.sliceHandlers();
    } catch (error) {
      return callback(error);
    }
    const { bus, group, sliceEventsMax, sliceBytesMax } = this.options;
    const onSlice: SliceHandler = (slice, signal) => handlers.get(slice[0]!.topic)!(slice, signal);
    bus
      .subscribe({
        topics: [...handlers.keys()],
        group,
        onSlice,
        ...(sliceEventsMax && { sliceEventsMax }),
        ...(sliceBytesMax && { sliceBytesMax }),
      })
      .catch((error: unknown) => this.log('error', 'the subscription failed', { group, err: error }));
    callback();
  }

  /** Finishes what is in hand. The bus stays open for others to publish; closing it is its owner's task. */
  override close(): Promise<void> {
    return this.options.bus.drain();
  }

  /** This transport emits no events of its own. */
  override on(): never {
    throw new AppError('internal', 'event_transport_has_no_listeners');
  }

  override unwrap<T>(): T {
    return this.options.bus as T;
  }

  private sliceHandlers(): Map<string, SliceHandler> {
    const handlers = new Map<string, SliceHandler>();
    for (const [topic, handler] of this.getHandlers()) {
      const onSlice = this.sliceHandler(topic, handler);
      handlers.set(topic, onSlice).set(retryTopicOf(topic), onSlice);
    }
    const missing = (this.options.topics ?? []).filter((topic) => !handlers.has(topic));
    if (missing.length > 0) throw misconfigured(`no handler for ${missing.join(', ')}`);
    if (handlers.size === 0) throw misconfigured('no controller method is marked with @OnEvents');
    return handlers;
  }

  private sliceHandler(topic: string, handler: MessageHandler): SliceHandler {
    const schema = (this.options.schemas ?? eventSchemas)[topic as keyof typeof eventSchemas];
    if (!schema) throw misconfigured(`${topic} has no schema`);
    if (!handler.isEventHandler) throw misconfigured(`${topic} is marked with @MessagePattern; use @OnEvents`);
    if (handler.next) throw misconfigured(`${topic} has two handlers`);
    const keepsErrorKinds = handler.extras?.['keepsErrorKinds'] === true;
    if (!keepsErrorKinds) this.log('warn', 'use @OnEvents: errors of this handler lose their kind', { topic });
    const { bus, attemptsMax, retryBackoff, valueBytesMax } = this.options;
    const handle = outcomesOf(topic, handler, keepsErrorKinds);
    return deliver<unknown>(
      bus,
      {
        topic,
        schema,
        log: this.log,
        ...(attemptsMax && { attemptsMax }),
        ...(retryBackoff && { retryBackoff }),
        ...(valueBytesMax && { valueBytesMax }),
      },
      handle,
    );
  }
}

/**
 * Nest answers with the method's result, or with an observable of it when an interceptor or a filter is at work. Behind
 * a plain `@EventPattern` an error has lost its kind; it counts as `unavailable`, since that loses least.
 */
function outcomesOf(topic: string, handler: MessageHandler, keepsErrorKinds: boolean): EventHandler<unknown> {
  return async (events) => {
    try {
      const result: unknown = await handler(events, new BaseRpcContext([topic]));
      return (isObservable(result) ? await lastValueFrom(result) : result) as readonly Outcome[];
    } catch (error) {
      if (keepsErrorKinds || error instanceof AppError) throw error;
      throw new AppError('unavailable', 'event_handler_failed', { cause: error });
    }
  };
}

const misconfigured = (message: string): AppError =>
  new AppError('internal', 'event_transport_misconfigured', { message });
