/** Who asks: an organization by one of its tokens, or the operator. */
export type Caller = { kind: 'tenant'; organizationId: string; tokenId: string } | { kind: 'admin' };

export type CallerKind = Caller['kind'];

/** How a caller is named in the history of keys. */
export function actorOf(caller: Caller): string {
  return caller.kind === 'admin' ? 'admin' : `token:${caller.tokenId}`;
}

/** An organization that asks. */
export type TenantCaller = Extract<Caller, { kind: 'tenant' }>;
