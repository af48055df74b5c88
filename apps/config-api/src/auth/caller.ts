import { platformOrganizationId } from '#libs/keystore';
import type { Scope } from './scope.js';

/** An organization by one of its tokens, or by one of its agency's. */
export interface TenantCaller {
  kind: 'tenant';
  /** For whom the caller acts: the token's organization, or the child of it that the request names. */
  organizationId: string;
  tokenId: string;
  scopes: Scope[];
  /** Whether the token is the parent organization's. */
  isAgency: boolean;
  /** Read together with the token, where the route shows them: see `showsSecretIds`. */
  secretIds?: Readonly<Record<string, string>>;
}

/** Who asks: an organization, or the operator. */
export type Caller = TenantCaller | { kind: 'admin' };

export type CallerKind = Caller['kind'];

/** How a caller is named in the history of keys. */
export function actorOf(caller: Caller): string {
  return caller.kind === 'admin' ? 'admin' : `token:${caller.tokenId}`;
}

/** For whom a caller reads and changes: a tenant for itself, the operator for the platform. */
export function organizationIdOf(caller: Caller): string {
  return caller.kind === 'tenant' ? caller.organizationId : platformOrganizationId;
}
