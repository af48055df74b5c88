import type { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { KeyCheck } from '#libs/keystore';
import { isDefinitelyBad, isUncertain, type KeyProber, type KeyVerdict } from '#libs/providers';
import { nextCheckOf } from './check-schedule.js';

/** Asks providers about keys before they are stored. */
export class KeyCheckService {
  constructor(
    private readonly prober: KeyProber,
    /** Whether keys are checked unless a request says otherwise. */
    private readonly checksByDefault: boolean,
  ) {}

  /**
   * What is to be stored beside a new key. Undefined when it was not to be checked. Throws `unprocessable`
   * (`key_rejected`) for a key that its provider definitely refuses.
   */
  async assertNotRejected(
    { provider, region }: { provider: string; region?: string | undefined },
    apiKey: SecretBytes,
    wanted: boolean = this.checksByDefault,
  ): Promise<KeyCheck | undefined> {
    if (!wanted) return undefined;
    const verdict = await this.prober.probe(provider, apiKey, { region });
    if (isDefinitelyBad(verdict)) throw keyRejected(provider, verdict);
    return checkOf(verdict);
  }
}

/** What could not be found out is stored as `unverified`, to be asked again. */
function checkOf(verdict: KeyVerdict): KeyCheck {
  return {
    verdict: isUncertain(verdict) ? { ...verdict, verdict: 'unverified' } : verdict,
    nextCheckAt: nextCheckOf(verdict, new Date()),
  };
}

function keyRejected(provider: string, { verdict, detail }: KeyVerdict): AppError {
  const why = verdict === 'blocked' ? 'says that the key is blocked' : 'does not accept the key';
  return new AppError('unprocessable', 'key_rejected', {
    message: `${provider} ${why}; nothing was stored. Check that you copied the whole key and that it is active.`,
    param: 'api_key',
    ...(detail && { details: [detail] }),
  });
}
