import { Body, Controller, Delete, Get, Patch, Post } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentOrganizationId } from '../auth/current-caller.js';
import { CurrentDraw } from '../idempotency/current-draw.js';
import type { DrawBytes } from '../idempotency/repeatable-draw.js';
import { webhookAnswer, webhookRemovedAnswer, webhooksAnswer, webhookSecretAnswer } from './webhook-answers.schema.js';
import type {
  WebhookAnswer,
  WebhookRemovedAnswer,
  WebhooksAnswer,
  WebhookSecretAnswer,
} from './webhook-answers.schema.js';
import { WebhookId } from './webhook-id.js';
import { createWebhookSchema, rotateSecretSchema, updateWebhookSchema } from './webhook.schema.js';
import type { CreateWebhookBody, RotateSecretBody, UpdateWebhookBody } from './webhook.schema.js';
import { WebhooksService } from './webhooks.service.js';

/** Where an organization, or for the platform the operator, wants to be told of events. */
@Controller(['api/v1/webhooks', 'admin/v1/platform/webhooks'])
@RequiresCaller()
@RequiresScope('admin')
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Post()
  @Answers(201, webhookSecretAnswer, {
    summary: 'Subscribe to events',
    description:
      'Events come as POST with `X-Webhook-Event`, `X-Webhook-Timestamp` (Unix seconds) and `X-Webhook-Signature`: ' +
      '`sha256=` and the hexadecimal HMAC-SHA256, under the secret, of timestamp, full stop and raw body. ' +
      'Refuse what is older than 300 s; the `id` in the body tells repetitions. ' +
      'Every answer but 2xx within 5 s is tried again, twelve times over 15 hours. ' +
      'Nothing is sent to private addresses unless the operator allows it.',
    errors: ['too_many_webhooks'],
  })
  create(
    @CurrentOrganizationId() organizationId: string,
    @Body({ schema: createWebhookSchema }) body: CreateWebhookBody,
    @CurrentDraw() draw: DrawBytes,
  ): Promise<WebhookSecretAnswer> {
    return this.webhooks.create(organizationId, body, draw);
  }

  @Get()
  @RequiresScope('byok:read')
  @Answers(200, webhooksAnswer, { summary: 'Every webhook' })
  async list(@CurrentOrganizationId() organizationId: string): Promise<WebhooksAnswer> {
    return { webhooks: await this.webhooks.list(organizationId) };
  }

  @Get(':id')
  @RequiresScope('byok:read')
  @Answers(200, webhookAnswer, { summary: 'One webhook', errors: [404] })
  async read(@CurrentOrganizationId() organizationId: string, @WebhookId() id: string): Promise<WebhookAnswer> {
    return { webhook: await this.webhooks.get(organizationId, id) };
  }

  @Patch(':id')
  @Answers(200, webhookAnswer, { summary: 'Change a webhook, or silence it', errors: [404] })
  async update(
    @CurrentOrganizationId() organizationId: string,
    @WebhookId() id: string,
    @Body({ schema: updateWebhookSchema }) body: UpdateWebhookBody,
  ): Promise<WebhookAnswer> {
    return { webhook: await this.webhooks.update(organizationId, id, body) };
  }

  @Delete(':id')
  @Answers(200, webhookRemovedAnswer, {
    summary: 'Unsubscribe',
    description: 'What waits for delivery is not delivered any more.',
    errors: [404],
  })
  async remove(
    @CurrentOrganizationId() organizationId: string,
    @WebhookId() id: string,
  ): Promise<WebhookRemovedAnswer> {
    await this.webhooks.remove(organizationId, id);
    return { success: true };
  }

  @Post(':id/rotate-secret')
  @Answers(200, webhookSecretAnswer, {
    summary: 'Replace the secret',
    description:
      'From now on `X-Webhook-Signature` is made with the new secret. Until the overlap has passed, ' +
      '`X-Webhook-Signature-Previous` is made with the old one.',
    errors: [404],
  })
  rotateSecret(
    @CurrentOrganizationId() organizationId: string,
    @WebhookId() id: string,
    @Body({ schema: rotateSecretSchema }) body: RotateSecretBody,
    @CurrentDraw() draw: DrawBytes,
  ): Promise<WebhookSecretAnswer> {
    return this.webhooks.rotateSecret({ organizationId, subscriptionId: id }, body, draw);
  }
}
