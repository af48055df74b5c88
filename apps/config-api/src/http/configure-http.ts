import type { INestApplication } from '@nestjs/common';
import { HttpErrorFilter } from './http-error.filter.js';
import { SchemaValidationPipe } from './schema-validation.pipe.js';

/** What every HTTP application of ours has in common: the error body and the validation of bodies. */
export function configureHttp(app: INestApplication): void {
  app.useGlobalFilters(new HttpErrorFilter());
  app.useGlobalPipes(new SchemaValidationPipe());
}
