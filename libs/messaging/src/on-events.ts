import { applyDecorators, UseFilters } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import type { EventType, EventValue } from '#libs/contracts';
import { AppErrorFilter } from './app-error.filter.js';
import type { Outcome } from './delivery.js';
import type { ReceivedEvent } from './received-event.js';

/** Identifies `EventTransport` among the transports of an application. */
export const eventTransportId = Symbol('latchkey.events');

/** Accepts only methods that handle events of type `T`. */
type HandlerDecorator<T extends EventType> = <
  Handler extends (events: ReceivedEvent<EventValue<T>>[]) => Promise<readonly Outcome[]>,
>(
  target: object,
  name: string | symbol,
  method: TypedPropertyDescriptor<Handler>,
) => void;

/**
 * Marks a controller method as the handler of a topic: an `EventHandler` whose parameter is decorated with
 * `@Payload()`. It is `@EventPattern` for our transport only, with errors that keep their kind.
 */
export function OnEvents<T extends EventType>(topic: T): HandlerDecorator<T> {
  return applyDecorators(
    EventPattern<string>(topic, eventTransportId, { keepsErrorKinds: true }),
    UseFilters(AppErrorFilter),
  );
}
