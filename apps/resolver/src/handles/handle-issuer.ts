import type { ComponentName } from '#libs/contracts';
import type { SecretBytes } from '#libs/crypto';
import type { DecidedCall, DecidedKey } from '#libs/resolution';
import type { CallRequest } from '../calls/call-request.js';
import { callStages, stageOf } from './call-stage.js';
import { sealBundle, type BundledKey } from './handle-bundle.js';
import type { HandleMinter } from './handle-minter.js';
import type { StoredBundle } from './handle.store.js';

export interface IssuedHandles {
  /** By component, for those that were resolved. */
  handles: Map<ComponentName, string>;
  /** What must be kept for the handles to work: one for each stage of the call that has keys. */
  bundles: StoredBundle[];
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
    if (decided.length === 0) return { handles: new Map(), bundles: [] };
    const { organizationId, callId, audience } = request;
    const minted = this.minter.mint({
      organizationId,
      callId,
      audience,
      keys: decided.map(({ need, snapshot }) => ({
        component: need.component,
        secretId: snapshot.current.secretId,
        epoch: snapshot.epoch,
      })),
    });
    const keys = decided.map((key, index) => bundledKey(key, minted[index]!.token));
    return {
      handles: new Map(decided.map(({ need }, index) => [need.component, minted[index]!.handle])),
      bundles: callStages.flatMap((stage) => {
        const ofStage = keys.filter(({ component }) => stageOf(component) === stage);
        if (ofStage.length === 0) return [];
        const key = this.minter.storeKeyOf(minted[0]!.locator, stage);
        const claims = { callId, organizationId, audience, expiresAt, keys: ofStage };
        return [{ key, bundle: sealBundle(this.handleKey, key, claims), ttlMs: jittered(expiresAt - now) }];
      }),
    };
  }
}

function bundledKey({ need, source, snapshot, apiKey }: DecidedKey, token: Buffer): BundledKey {
  return {
    component: need.component,
    provider: need.provider,
    slot: need.slot,
    source,
    ownerId: snapshot.organizationId,
    secretId: snapshot.current.secretId,
    version: snapshot.current.version,
    epoch: snapshot.epoch,
    token,
    apiKey,
  };
}

/** Entries of one burst should not all expire in one moment. The bundle itself says when its handles end. */
function jittered(ttlMs: number): number {
  return Math.round(ttlMs * (1 + Math.random() * 0.1));
}
