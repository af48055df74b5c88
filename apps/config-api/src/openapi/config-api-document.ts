import { healthControllers } from '#libs/observability';
import { openApiDocument, type OpenApiDocument } from '#libs/openapi';
import type { Type } from '@nestjs/common';
import { configApiControllers } from '../config-api-controllers.js';
import { apiDescription } from './api-description.js';

/** The OpenAPI document of config-api, with the controllers that a process may have besides. */
export function configApiDocument(others: readonly Type[] = []): OpenApiDocument {
  return openApiDocument([...configApiControllers, ...healthControllers, ...others], apiDescription);
}
