import { Param, type PipeTransform } from '@nestjs/common';
import { AppError } from '#libs/errors';
import { z } from 'zod';

const uuid = z.uuid();

/** What is no id of ours names nothing of ours: throws `not_found`, as for an id that nobody has. */
class ExistingIdPipe implements PipeTransform {
  constructor(private readonly param: string) {}

  transform(value: unknown): string {
    const id = uuid.safeParse(value);
    if (id.success) return id.data;
    throw new AppError('not_found', 'not_found', { message: 'There is no such webhook.', param: this.param });
  }
}

/** Hands a handler the webhook that the route names as `:id`. */
export const WebhookId = (): ParameterDecorator => Param('id', new ExistingIdPipe('id'));

/** Hands a handler the delivery that the route names as `:delivery_id`. */
export const DeliveryId = (): ParameterDecorator => Param('delivery_id', new ExistingIdPipe('delivery_id'));
