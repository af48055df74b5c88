import { randomUUID } from 'node:crypto';

/** The caller's `x-request-id` when it is 1 to 64 safe characters, otherwise a new one. */
export function requestIdOf(offered: string | string[] | undefined): string {
  return typeof offered === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(offered) ? offered : randomUUID();
}
