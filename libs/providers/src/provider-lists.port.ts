import type { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { ProbeOptions } from './key-prober.port.js';
import type { Verdict } from './key-verdict.js';

/** What a provider can be asked to list. */
export type ListKind = 'models' | 'voices';

/** A model or a voice as the provider names it. */
export interface LiveItem {
  id: string;
  name: string;
}

/** A provider lists nothing for the key that it was asked with; `verdict` is what it said of the key. */
export class ListRefusal extends AppError {
  constructor(
    message: string,
    readonly verdict: Verdict,
  ) {
    super('unprocessable', 'provider_refused', { message });
  }
}

/** Asks a provider what a key may use. */
export abstract class ProviderLists {
  /**
   * Everything that the provider lists for this key, in its order; undefined when the provider has no such list. Throws
   * `ListRefusal` when it refuses the key, `unavailable` (`provider_unavailable`) when it gives no usable answer in time.
   * The key stays the caller's.
   */
  abstract list(
    kind: ListKind,
    slot: string,
    apiKey: SecretBytes,
    options?: ProbeOptions,
  ): Promise<LiveItem[] | undefined>;
}
