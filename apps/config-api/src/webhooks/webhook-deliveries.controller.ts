import { Controller, Get, Post, Query } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentOrganizationId } from '../auth/current-caller.js';
import { deliveriesAnswer, deliveryAnswer, webhookTestAnswer } from './webhook-answers.schema.js';
import type { DeliveriesAnswer, DeliveryAnswer, WebhookTestAnswer } from './webhook-answers.schema.js';
import { WebhookDeliveriesService } from './webhook-deliveries.service.js';
import { DeliveryId, WebhookId } from './webhook-id.js';
import { listDeliveriesSchema, type ListDeliveriesQuery } from './webhook.schema.js';

/** What was delivered to a webhook, what waits, and what is dead. */
@Controller(['api/v1/webhooks/:id', 'admin/v1/platform/webhooks/:id'])
@RequiresCaller()
@RequiresScope('admin')
export class WebhookDeliveriesController {
  constructor(private readonly deliveries: WebhookDeliveriesService) {}

  @Get('deliveries')
  @RequiresScope('byok:read')
  @Answers(200, deliveriesAnswer, { summary: 'Deliveries, newest first', errors: [404] })
  list(
    @CurrentOrganizationId() organizationId: string,
    @WebhookId() id: string,
    @Query({ schema: listDeliveriesSchema }) query: ListDeliveriesQuery,
  ): Promise<DeliveriesAnswer> {
    return this.deliveries.list(organizationId, id, query);
  }

  @Post('deliveries/:delivery_id/replay')
  @Answers(200, deliveryAnswer, { summary: 'Have a dead delivery tried again', errors: [404, 'not_dead'] })
  async replay(
    @CurrentOrganizationId() organizationId: string,
    @WebhookId() id: string,
    @DeliveryId() deliveryId: string,
  ): Promise<DeliveryAnswer> {
    return { delivery: await this.deliveries.replay(organizationId, id, deliveryId) };
  }

  @Post('test')
  @Answers(200, webhookTestAnswer, {
    summary: 'Send a test event now',
    description: 'The receiver gets `webhook.test`, signed as any event; the answer is what it said.',
    errors: [404],
  })
  test(@CurrentOrganizationId() organizationId: string, @WebhookId() id: string): Promise<WebhookTestAnswer> {
    return this.deliveries.test(organizationId, id);
  }
}
