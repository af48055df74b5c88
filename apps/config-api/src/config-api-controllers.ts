import type { Type } from '@nestjs/common';
import { AssistantsController } from './assistants/assistants.controller.js';
import { ByokConfigController } from './byok/byok-config.controller.js';
import { ByokController } from './byok/byok.controller.js';
import { ByokKeysController } from './byok/byok-keys.controller.js';
import { KeyTestController } from './checks/key-test.controller.js';
import { LiveListController } from './live-lists/live-list.controller.js';
import { PreflightController } from './preflight/preflight.controller.js';
import { OrganizationsController } from './organizations/organizations.controller.js';
import { ReceiptsController } from './receipts/receipts.controller.js';
import { TokensController } from './tokens/tokens.controller.js';
import { WebhookDeliveriesController } from './webhooks/webhook-deliveries.controller.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';
import { RootController } from './root.controller.js';
import { OpenApiController } from './openapi/openapi.controller.js';

/** Every controller of config-api's own: what it routes, and what its OpenAPI document tells. */
export const configApiControllers: Type[] = [
  RootController,
  ByokController,
  ByokConfigController,
  ByokKeysController,
  KeyTestController,
  LiveListController,
  AssistantsController,
  PreflightController,
  OrganizationsController,
  TokensController,
  ReceiptsController,
  WebhooksController,
  WebhookDeliveriesController,
  OpenApiController,
];
