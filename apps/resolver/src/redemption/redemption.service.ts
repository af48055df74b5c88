import type { RedeemRefusal } from '#libs/contracts';
import { equalConstantTime, type SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { AuditEventStore, EpochGuard } from '#libs/keystore';
import { stageOf } from '../handles/call-stage.js';
import { openBundle, type BundledKey, type HandleBundle } from '../handles/handle-bundle.js';
import { decodeHandle } from '../handles/handle.codec.js';
import type { HandleMinter } from '../handles/handle-minter.js';
import type { HandleStore } from '../handles/handle.store.js';

export interface RedeemRequest {
  callId: string;
  audience: string;
  handles: readonly string[];
}

/** The outcome for one handle. The key is the caller's to destroy. */
export type Redemption = { key: BundledKey } | { refusal: RedeemRefusal; component?: string; provider?: string };

export interface RedemptionStores {
  handles: HandleStore;
  minter: HandleMinter;
  handleKey: SecretBytes;
  audit: AuditEventStore;
}

export interface RedemptionSettings {
  usesMax: number;
  /** A used-up handle is answered again this long after it was taken: the client repeats an answer it lost. */
  replayWindowMs: number;
}

/**
 * Exchanges handles for keys. The order is the guarantee: open, check what the handle is bound to, ask the
 * primary whether its epoch is still accepted, and only then count the use; nothing is consumed by a redeem
 * that could not be checked.
 */
export class RedemptionService {
  constructor(
    private readonly stores: RedemptionStores,
    private readonly guard: EpochGuard,
    private readonly settings: RedemptionSettings,
  ) {}

  /** One outcome for each handle, in order; throws `unavailable` when store or primary cannot be asked. */
  async redeem(request: RedeemRequest): Promise<Redemption[]> {
    const found = await this.findAll(request);
    const handedOut = new Set<BundledKey>();
    try {
      const redemptions = await this.takeAccepted(await this.checkEpochs(found));
      await this.auditRefusals(request, found, redemptions);
      for (const redemption of redemptions) if ('key' in redemption) handedOut.add(redemption.key);
      return redemptions;
    } finally {
      for (const key of found.flatMap(({ bundle }) => bundle?.keys ?? [])) {
        if (!handedOut.has(key)) key.apiKey.destroy();
      }
    }
  }

  private async findAll(request: RedeemRequest): Promise<Found[]> {
    const bundles = new Map<string, Promise<HandleBundle | undefined>>();
    return Promise.all(
      request.handles.map(async (handle) => {
        const parts = decodeHandle(handle);
        if (!parts) return { refusal: 'unknown_handle' };
        const storeKey = this.stores.minter.storeKeyOf(parts.locator, stageOf(parts.component));
        if (!bundles.has(storeKey)) bundles.set(storeKey, this.findBundle(storeKey));
        const bundle = await bundles.get(storeKey);
        const key = bundle?.keys.find((candidate) => candidate.component === parts.component);
        if (!bundle || !key || !equalConstantTime(key.token, parts.token)) return { refusal: 'unknown_handle' };
        return { bundle, key, storeKey, ...bindingRefusal(bundle, request) };
      }),
    );
  }

  /** The bundle of an entry; one that was tampered with does not open and is as good as absent. */
  private async findBundle(storeKey: string): Promise<HandleBundle | undefined> {
    const sealed = await this.stores.handles.find(storeKey);
    if (!sealed) return undefined;
    try {
      const bundle = openBundle(this.stores.handleKey, storeKey, sealed);
      return bundle.expiresAt > Date.now() ? bundle : undefined;
    } catch (error) {
      if (error instanceof AppError && error.code === 'open_failed') return undefined;
      throw error;
    }
  }

  private async checkEpochs(found: readonly Found[]): Promise<Found[]> {
    const claimed = found.filter(isOpen);
    if (claimed.length === 0) return [...found];
    const accepted = await this.guard.check(
      claimed.map(({ key }) => ({
        organizationId: key.ownerId,
        provider: key.slot,
        version: key.version,
        epoch: key.epoch,
        inherited: key.source === 'inherited',
      })),
    );
    const stale = new Set<Found>(claimed.filter((_, index) => !accepted[index]));
    return found.map((entry) => (stale.has(entry) ? { ...entry, refusal: 'key_changed' } : entry));
  }

  private async takeAccepted(checked: readonly Found[]): Promise<Redemption[]> {
    const open = checked.filter(isOpen);
    const outcomes =
      open.length === 0
        ? []
        : await this.stores.handles.take(
            open.map(({ storeKey, key }) => ({
              key: storeKey,
              use: this.stores.minter.useOf(key.component, key.token),
              usesMax: this.settings.usesMax,
            })),
            this.settings.replayWindowMs,
          );
    const usedUp = new Set<Found>(open.filter((_, index) => outcomes[index] === 'used_up'));
    return checked.map((entry) => {
      if (isOpen(entry) && !usedUp.has(entry)) return { key: entry.key };
      return {
        refusal: entry.refusal ?? 'used_up',
        ...(entry.key && { component: entry.key.component, provider: entry.key.provider }),
      };
    });
  }

  private async auditRefusals(
    request: RedeemRequest,
    found: readonly Found[],
    redemptions: readonly Redemption[],
  ): Promise<void> {
    const events = redemptions.flatMap((redemption, index) => {
      const bundle = found[index]?.bundle;
      if (!bundle || !('refusal' in redemption) || redemption.refusal === 'key_changed') return [];
      const { refusal, component, provider } = redemption;
      const { organizationId, callId } = bundle;
      const detail = { refusal, component, provider, asked_as: request.audience, asked_for_call: request.callId };
      return [{ organizationId, kind: 'redeem_refused' as const, callId, detail }];
    });
    if (events.length > 0) await this.stores.audit.append(events);
  }
}

/** What is known of one handle so far; without `refusal` it is still on its way to its key. */
type Found =
  | { refusal: RedeemRefusal; bundle?: undefined; key?: undefined }
  | { bundle: HandleBundle; key: BundledKey; storeKey: string; refusal?: RedeemRefusal };

function isOpen(found: Found): found is Found & { key: BundledKey; storeKey: string } {
  return found.refusal === undefined;
}

function bindingRefusal(bundle: HandleBundle, request: RedeemRequest): { refusal?: RedeemRefusal } {
  if (bundle.callId !== request.callId) return { refusal: 'wrong_call' };
  if (bundle.audience !== request.audience) return { refusal: 'wrong_audience' };
  return {};
}
