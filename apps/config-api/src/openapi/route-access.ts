import type { Route, RouteAccess } from '#libs/openapi';
import { callerKindsOf, neededScopesOf } from '../auth/caller.guard.js';

const schemeOf = { tenant: 'organizationToken', admin: 'adminToken' } as const;

/** Which tokens open a route; undefined when it needs none. */
export function routeAccessOf({ handler, controller, path }: Route): RouteAccess | undefined {
  const kinds = callerKindsOf([handler, controller], path);
  const scopes = kinds?.includes('tenant') ? neededScopesOf([handler, controller]) : [];
  return (
    kinds && { schemes: kinds.map((kind) => schemeOf[kind]), scopes, scopedScheme: schemeOf.tenant, isForCallers: true }
  );
}
