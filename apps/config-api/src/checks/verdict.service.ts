import type { KeyVerdictStore, SlotConditionStore, VersionRef } from '#libs/keystore';
import { isDefinitelyBad, type KeyVerdict } from '#libs/providers';
import { isGood, nextCheckOf } from './check-schedule.js';

const actor = { actor: 'key-check' };

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
    const { verdict: reason } = verdict;
    if (isDefinitelyBad(verdict)) await this.conditions.quarantine(slot, version, { ...actor, reason });
    else if (isGood(verdict)) await this.conditions.release(slot, version, actor);
    await this.verdicts.record(slot, version, verdict, nextCheckOf(verdict, new Date(), checkCount));
  }
}
