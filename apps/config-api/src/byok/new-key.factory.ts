import { keyedHash, type SecretBytes } from '#libs/crypto';
import type { NewKey } from '#libs/keystore';
import type { SubmittedApiKey } from './api-key.js';

/** How the new version takes the old one's place; without `overlapSeconds` the deployment's default counts. */
export interface ReplacementMode {
  mode: 'graceful' | 'immediate';
  overlapSeconds?: number | undefined;
}

/** Makes what the key store takes out of what somebody handed in. */
export class NewKeyFactory {
  constructor(
    private readonly fingerprintKey: SecretBytes,
    private readonly overlapSecondsDefault: number,
  ) {}

  create(organizationId: string, { secret, hint }: SubmittedApiKey, replacement: ReplacementMode): NewKey {
    const fingerprint = secret.use((bytes) => keyedHash(this.fingerprintKey, 'api-key', [organizationId, bytes], 16));
    const overlapSeconds = replacement.overlapSeconds ?? this.overlapSecondsDefault;
    return { apiKey: secret, hint, fingerprint, mode: replacement.mode, overlapSeconds };
  }
}
