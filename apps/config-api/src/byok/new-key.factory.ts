import { keyedHash, type SecretBytes } from '#libs/crypto';
import type { NewKey, SlotId } from '#libs/keystore';
import type { KeyCheckService } from '../checks/key-check.service.js';
import type { SubmittedApiKey } from './api-key.js';

/** How the new version takes the old one's place; without `overlapSeconds` the deployment's default counts. */
export interface ReplacementMode {
  mode: 'graceful' | 'immediate';
  overlapSeconds?: number | undefined;
  /** Refuse it for a slot that never had a key. */
  mustReplace?: boolean;
  /** Whether the provider is asked first; the deployment decides when it is absent. */
  validate?: boolean | undefined;
}

/** Makes what the key store takes out of what somebody handed in. */
export class NewKeyFactory {
  constructor(
    private readonly checks: KeyCheckService,
    private readonly fingerprintKey: SecretBytes,
    private readonly overlapSecondsDefault: number,
  ) {}

  /** Throws `unprocessable` (`key_rejected`) for a key that its provider refuses. */
  async create(
    { organizationId, provider, region }: SlotId & { region?: string | undefined },
    { secret, hint }: SubmittedApiKey,
    replacement: ReplacementMode,
  ): Promise<NewKey> {
    const { mode, mustReplace = false, validate } = replacement;
    const check = await this.checks.assertNotRejected({ provider, region }, secret, validate);
    const fingerprint = secret.use((bytes) => keyedHash(this.fingerprintKey, 'api-key', [organizationId, bytes], 16));
    const overlapSeconds = this.overlapSecondsOf(replacement);
    return { apiKey: secret, hint, fingerprint, mode, overlapSeconds, mustReplace, ...(check && { check }) };
  }

  overlapSecondsOf({ overlapSeconds }: { overlapSeconds?: number | undefined }): number {
    return overlapSeconds ?? this.overlapSecondsDefault;
  }
}
