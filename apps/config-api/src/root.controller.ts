import { Controller, Get } from '@nestjs/common';

@Controller()
export class RootController {
  /** Where to go from here. */
  @Get()
  read(): { name: string; links: Record<string, string> } {
    return {
      name: 'latchkey',
      links: {
        keys: '/api/v1/byok',
        key_details: '/api/v1/byok/keys',
        providers: '/api/v1/byok/config',
        organizations: '/api/v1/organizations',
        live: '/health/live',
        ready: '/health/ready',
        metrics: '/metrics',
      },
    };
  }
}
