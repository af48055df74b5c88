import type { Provider } from '@nestjs/common';
import type { ConfigApiPorts } from '../config-api-ports.js';
import { GuessLimit } from './guess-limit.js';
import { MemoryAttemptCounter } from './memory-attempt.counter.js';
import { RequestQuota } from './request-quota.js';

/** How often somebody may ask. */
export function limitProviders({ settings, attempts = new MemoryAttemptCounter() }: ConfigApiPorts): Provider[] {
  return [
    { provide: RequestQuota, useValue: new RequestQuota(attempts, settings.LATCHKEY_RATE_LIMIT_PER_MINUTE) },
    { provide: GuessLimit, useValue: new GuessLimit(attempts, settings.LATCHKEY_AUTH_FAILURES_PER_MINUTE) },
  ];
}
