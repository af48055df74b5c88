import type { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { KeyCheck } from '#libs/keystore';
import { isDefinitelyBad, type KeyProber, type KeyVerdict } from '#libs/providers';

/** When a key that could not be judged is asked about again, unless the provider names a time. */
const askAgainAfterSeconds = 60;

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
  const isKnown = !['unreachable', 'rate_limited', 'unverified'].includes(verdict.verdict);
  const waitSeconds = verdict.retryAfterSeconds ?? askAgainAfterSeconds;
  return {
    verdict: isKnown ? verdict : { ...verdict, verdict: 'unverified' },
    nextCheckAt: isKnown ? null : new Date(Date.now() + waitSeconds * 1_000),
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
