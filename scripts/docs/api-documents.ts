import { configApiDocument } from '#apps/config-api';
import type { OpenApiDocument } from '#libs/openapi';
import { CallIntakeController } from '../../apps/resolver/src/calls/call-intake.controller.js';
import { asyncApiDocument } from './async-api.document.js';

/** A document that is made from the code and committed beside it. */
export interface ApiDocument {
  /** From the top of the repository. */
  path: string;
  format: 'json' | 'yaml';
  make: () => object;
}

export const apiDocuments: readonly ApiDocument[] = [
  { path: 'docs/openapi.json', format: 'json', make: httpDocument },
  { path: 'docs/asyncapi.yaml', format: 'yaml', make: asyncApiDocument },
];

/** Every HTTP route that any of our apps has. */
export function httpDocument(): OpenApiDocument {
  return configApiDocument([CallIntakeController]);
}
