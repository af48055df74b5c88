/** The sealed bundle of one stage of a call, ready to be kept. */
export interface StoredBundle {
  /** Reveals neither call nor handle. */
  key: string;
  bundle: Buffer;
  ttlMs: number;
}

/** One use of one handle. `use` names the handle, without revealing it. */
export interface HandleUse {
  key: string;
  use: string;
  usesMax: number;
}

/** `replayed`: used up, but by this very handle within the replay window (a client that repeats a lost answer). */
export type UseOutcome = 'taken' | 'replayed' | 'used_up';

/**
 * Keeps the sealed bundles of calls for a short time and counts the uses of handles. Decides nothing about
 * whether a key is current. Every method throws `unavailable` inside 100 ms when the store cannot be asked.
 */
export abstract class HandleStore {
  /** Keeps the bundles; one that is there already under the same key is replaced, its use counts stay. */
  abstract put(bundles: readonly StoredBundle[]): Promise<void>;
  abstract find(key: string): Promise<Buffer | undefined>;
  /** Counts one use of each handle, atomically for each; one outcome each, in order. */
  abstract take(uses: readonly HandleUse[], replayWindowMs: number): Promise<UseOutcome[]>;
  /** Forgets the bundles; the use counts stay: a call that is resolved again gets the same handles. */
  abstract drop(keys: readonly string[]): Promise<void>;
  /** Forgets the use counts: every handle may be used anew. */
  abstract renew(keys: readonly string[]): Promise<void>;
  /** Whether the store answers now, and in one sentence why not. */
  abstract status(): Promise<{ healthy: boolean; reason?: string }>;
  abstract close(): Promise<void>;
}
