import type { Catalogue } from '#libs/catalogue';
import { AppError } from '#libs/errors';
import type { SlotConditionStore } from '#libs/keystore';
import type { KeyProber, KeyVerdict } from '#libs/providers';
import type { SlotRef, StoredKeyReader } from '#libs/resolution';
import type { SubmittedApiKey } from '../byok/api-key.js';
import { assertProvider } from '../byok/provider-name.js';
import type { KeyTestAnswer } from './key-test.schema.js';
import type { VerdictService } from './verdict.service.js';

/** What is read of the slot that a key is in, or is for. */
export class TestedSlots {
  constructor(
    readonly storedKeys: StoredKeyReader,
    readonly conditions: SlotConditionStore,
  ) {}
}

/** Tests keys when somebody asks: one that is stored, or one that may be stored later. */
export class KeyTestService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly prober: KeyProber,
    private readonly slots: TestedSlots,
    private readonly verdicts: VerdictService,
  ) {}

  /** The verdict on a key that was handed in for the slot; nothing is kept. Uses it up. */
  async testGiven(slot: SlotRef, key: SubmittedApiKey): Promise<KeyTestAnswer> {
    const { provider } = slot;
    try {
      assertProvider(this.catalogue, provider);
      const region = await this.slots.conditions.findRegion(slot);
      return answerOf(provider, null, await this.prober.probe(provider, key.secret, { region }));
    } finally {
      key.secret.destroy();
    }
  }

  /** The verdict on the stored key, kept with it. Throws `not_found` when none is stored. */
  async testStored(slot: SlotRef): Promise<KeyTestAnswer> {
    assertProvider(this.catalogue, slot.provider);
    const stored = await this.slots.storedKeys.find(slot);
    if (!stored) {
      throw new AppError('not_found', 'not_found', {
        message: `No ${slot.provider} key is stored: send one as api_key, or add one with POST /byok.`,
        param: 'provider',
      });
    }
    try {
      const verdict = await this.prober.probe(slot.provider, stored.apiKey, stored);
      await this.verdicts.apply({ ...slot, version: stored.version }, verdict, 0);
      return answerOf(slot.provider, stored.version, verdict);
    } finally {
      stored.apiKey.destroy();
    }
  }
}

function answerOf(provider: string, version: number | null, verdict: KeyVerdict): KeyTestAnswer {
  return {
    provider,
    version,
    verdict: verdict.verdict,
    capabilities: verdict.capabilities,
    missing_permissions: verdict.missingPermissions ?? [],
    retry_after_seconds: verdict.retryAfterSeconds ?? null,
    detail: verdict.detail ?? null,
    tested_at: new Date().toISOString(),
  };
}
