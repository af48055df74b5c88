import type { SecretBytes } from '#libs/crypto';
import type { KeyVerdict } from './key-verdict.js';

export interface ProbeOptions {
  /** The slot's region: some providers know a key in one region only. */
  region?: string | undefined;
}

/** Asks a provider what it says of a key. */
export abstract class KeyProber {
  /**
   * The verdict on a key for a slot, in at most three seconds; never rejects for what the provider does or does not
   * answer. The key stays the caller's.
   */
  abstract probe(slot: string, apiKey: SecretBytes, options?: ProbeOptions): Promise<KeyVerdict>;
}
