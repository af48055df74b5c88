import { Controller, Get } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import { rootAnswer, type RootAnswer } from './root.schema.js';

@Controller()
export class RootController {
  @Get()
  @Answers(200, rootAnswer, { summary: 'Where to go from here' })
  read(): RootAnswer {
    return {
      name: 'latchkey',
      links: {
        keys: '/api/v1/byok',
        key_details: '/api/v1/byok/keys',
        providers: '/api/v1/byok/config',
        organizations: '/api/v1/organizations',
        docs: '/docs',
        openapi: '/api/v1/openapi.json',
        live: '/health/live',
        ready: '/health/ready',
        metrics: '/metrics',
      },
    };
  }
}
