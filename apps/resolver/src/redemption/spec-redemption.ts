import { randomBytes, randomUUID } from 'node:crypto';
import { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { EpochGuard, type AuditEvent, type AuditEventStore, type EpochClaim } from '#libs/keystore';
import { sealBundle, type BundledKey } from '../handles/handle-bundle.js';
import { HandleMinter } from '../handles/handle-minter.js';
import { MemoryHandleStore } from '../handles/memory-handle.store.js';
import { RedemptionService, type RedeemRequest, type Redemption } from './redemption.service.js';

/** Answers as it is told, and remembers what it was asked. */
class SpecGuard extends EpochGuard {
  answer: (claim: EpochClaim) => boolean = () => true;
  available = true;
  readonly asked: EpochClaim[][] = [];

  override async check(claims: readonly EpochClaim[]): Promise<boolean[]> {
    if (!this.available) throw new AppError('unavailable', 'database_unavailable');
    this.asked.push([...claims]);
    return claims.map((claim) => this.answer(claim));
  }
}

export const replayWindowMs = 5_000;
const components = ['stt', 'llm', 'tts'] as const;

/** Redemption in memory, for specs: really sealed handles, a guard and a trail that do as they are told. */
export class RedemptionSpec {
  /** The clock of the handle store, in milliseconds. */
  now = 1_000_000;
  readonly organizationId = randomUUID();
  readonly store = new MemoryHandleStore({ now: () => this.now });
  readonly guard = new SpecGuard();
  readonly audited: AuditEvent[] = [];
  auditAvailable = true;
  private readonly handleKey = SecretBytes.take(randomBytes(32));
  readonly minter = new HandleMinter(this.handleKey);

  service(usesMax = 1, windowMs = replayWindowMs): RedemptionService {
    const append = async (events: readonly AuditEvent[]): Promise<void> => {
      if (!this.auditAvailable) throw new AppError('unavailable', 'database_unavailable');
      this.audited.push(...events);
    };
    const audit = { append } as Pick<AuditEventStore, 'append'> as AuditEventStore;
    return new RedemptionService(
      { handles: this.store, minter: this.minter, handleKey: this.handleKey, audit },
      this.guard,
      { usesMax, replayWindowMs: windowMs },
    );
  }

  /** The handles of a call with three keys (stt, tts of its own, an inherited llm), as resolving leaves them. */
  async issue({ callId = 'call-1', expiresAt = Date.now() + 60_000 } = {}): Promise<string[]> {
    const call = { organizationId: this.organizationId, callId, audience: 'orchestrator', expiresAt };
    const issued = components.map((component, index) => ({ component, secretId: randomUUID(), epoch: index + 1 }));
    const minted = this.minter.mint({ ...call, keys: issued });
    const keys = issued.map((key, index): BundledKey => ({
      ...key,
      provider: `${key.component}-alias`,
      slot: `${key.component}-slot`,
      source: key.component === 'llm' ? 'inherited' : 'tenant',
      ownerId: this.organizationId,
      version: index + 10,
      token: minted[index]!.token,
      apiKey: SecretBytes.fromUtf8(`sk-${key.component}`),
    }));
    const key = this.minter.storeKeyOfCall(this.organizationId, callId, 'call');
    await this.store.put([{ key, bundle: sealBundle(this.handleKey, key, { ...call, keys }), ttlMs: 60_000 }]);
    return minted.map(({ handle }) => handle);
  }

  /** The key or the refusal of each handle. */
  async redeem(handles: readonly string[], more: Partial<RedeemRequest> = {}, by = this.service()): Promise<string[]> {
    const redemptions = await by.redeem(requestFor(handles, more));
    return redemptions.map((redemption: Redemption) =>
      'refusal' in redemption ? redemption.refusal : redemption.key.apiKey.use((bytes) => bytes.toString()),
    );
  }
}

/** The orchestrator's request for handles of `call-1`. */
export function requestFor(handles: readonly string[], more: Partial<RedeemRequest> = {}): RedeemRequest {
  return { callId: 'call-1', audience: 'orchestrator', handles, ...more };
}
