import type { KeyVerdictStore, SlotConditionStore, VersionRef } from '#libs/keystore';
import { isDefinitelyBad, type KeyVerdict, type Verdict } from '#libs/providers';
import { nextCheckAfter } from './check-schedule.js';

const actor = { actor: 'key-check' };
const goodVerdicts: readonly Verdict[] = ['valid', 'limited'];

/** Acts on what a provider says of a stored key. */
export class VerdictService {
  constructor(
    private readonly verdicts: KeyVerdictStore,
    private readonly conditions: SlotConditionStore,
  ) {}

  /**
   * Quarantines a key that is definitely bad, frees one that is good again, if it is the one in use; keeps the verdict and
   * when to ask again. `checkCount`: how many checks before this one in a row have not ended well.
   */
  async apply({ version, ...slot }: VersionRef, verdict: KeyVerdict, checkCount: number): Promise<void> {
    const good = goodVerdicts.includes(verdict.verdict);
    if (isDefinitelyBad(verdict)) await this.conditions.quarantine(slot, version, actor);
    else if (good) await this.conditions.release(slot, version, actor);
    const nextCheckAt = good ? null : nextCheckAfter(new Date(), checkCount, verdict.retryAfterSeconds);
    await this.verdicts.record(slot, version, verdict, nextCheckAt);
  }
}
