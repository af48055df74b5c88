import { metrics } from '#libs/observability';
import { Logger } from '@nestjs/common';
import type { HttpRequest } from './http-exchange.js';

const logger = new Logger('http');

/** How a request went; `route` is the pattern, never the address. */
export interface RequestOutcome {
  route: string;
  status: number;
  ms: number;
}

/** Writes the one log line of a request and observes its time. Bodies and headers are not for logs. */
export function recordRequest(request: HttpRequest, { route, status, ms }: RequestOutcome): void {
  const { method, id, caller } = request;
  metrics.httpRequestSeconds.observe({ method, route, status }, ms / 1000);
  const level = isMachineRoute(route) ? 'debug' : 'log';
  const organization = caller?.kind === 'tenant' && { organization_id: caller.organizationId };
  logger[level]({
    msg: 'request',
    method,
    route,
    status,
    ms: Math.round(ms * 10) / 10,
    request_id: id,
    ...organization,
  });
}

/** Whether a route is one that machines ask over and over: whether we are alive, and our metrics. */
export function isMachineRoute(route: string | undefined): boolean {
  return route !== undefined && /^\/(health|metrics)/.test(route);
}
