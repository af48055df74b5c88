import type { HealthCheck } from '#libs/observability';

/** How often something was tried in the minute that is running. */
export interface AttemptCount {
  attempts: number;
  /** When the minute ends and counting begins anew, in milliseconds from now. */
  msLeft: number;
}

/** Counts attempts by key; a minute begins with the first of them. Never fails: whoever asks wants to let people in. */
export abstract class AttemptCounter {
  /** Counts one more; how many there are now. */
  abstract add(key: string): Promise<AttemptCount>;
  /** How many there are. */
  abstract read(key: string): Promise<AttemptCount>;
  /** Always healthy, since counting goes on alone: then `reason` says why. */
  abstract status(): Promise<HealthCheck>;
  /** Lets connections go. */
  abstract close(): Promise<void>;
}

/** How long attempts count. */
export const windowSeconds = 60;
