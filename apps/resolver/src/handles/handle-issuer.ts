import type { ComponentName } from '#libs/contracts';
import type { SecretBytes } from '#libs/crypto';
import type { DecidedCall, DecidedKey } from '#libs/resolution';
import type { CallRequest } from '../calls/call-request.js';
import { sealBundle } from './handle-bundle.js';
import type { HandleMinter } from './handle-minter.js';
import type { StoredBundle } from './handle.store.js';

export interface IssuedHandles {
  /** By component, for those that were resolved. */
  handles: Map<ComponentName, string>;
  /** What must be kept for the handles to work; undefined when no component was resolved. */
  bundle?: StoredBundle;
}

/** Makes the handles of a decided call and seals its keys for the handle store. Synchronous: no key outlives the turn. */
export class HandleIssuer {
  constructor(
    private readonly handleKey: SecretBytes,
    private readonly minter: HandleMinter,
  ) {}

  /** @param expiresAt Unix milliseconds after which the handles are refused. */
  issue({ request, components }: DecidedCall<CallRequest>, now: number, expiresAt: number): IssuedHandles {
    const decided = components.filter((component): component is DecidedKey => 'apiKey' in component);
    if (decided.length === 0) return { handles: new Map() };
    const { organizationId, callId, audience } = request;
    const keys = decided.map(({ need, snapshot }) => ({
      component: need.component,
      secretId: snapshot.current.secretId,
      epoch: snapshot.epoch,
    }));
    const minted = this.minter.mint({ organizationId, callId, audience, keys });
    const key = this.minter.storeKeyOf(minted[0]!.locator);
    const bundle = sealBundle(this.handleKey, key, {
      callId,
      organizationId,
      audience,
      expiresAt,
      keys: decided.map(({ need, source, snapshot, apiKey }, index) => ({
        component: need.component,
        provider: need.provider,
        slot: need.slot,
        source,
        ownerId: snapshot.organizationId,
        secretId: snapshot.current.secretId,
        version: snapshot.current.version,
        epoch: snapshot.epoch,
        token: minted[index]!.token,
        apiKey,
      })),
    });
    return {
      handles: new Map(decided.map(({ need }, index) => [need.component, minted[index]!.handle])),
      bundle: { key, bundle, ttlMs: jittered(expiresAt - now) },
    };
  }
}

/** Entries of one burst should not all expire in one moment. The bundle itself says when its handles end. */
function jittered(ttlMs: number): number {
  return Math.round(ttlMs * (1 + Math.random() * 0.1));
}
