import type { CallToDecide } from '#libs/resolution';

/** One call that asks for its keys, from whichever transport. */
export interface CallRequest extends CallToDecide {
  callId: string;
  /** Who may redeem the handles. */
  audience: string;
  /** When the call started; its receipt is filed under this day. */
  announcedAt: Date;
}

const clockErrorMsMax = 24 * 60 * 60 * 1000;

/**
 * When a call started: as it says itself, so that however often it is announced it has one receipt, unless that is more
 * than a day from when it was announced: such a clock would file receipts where nobody looks for them.
 */
export function announcedAtOf(startedAt: string | undefined, announced: Date): Date {
  return believedTime(startedAt, announced, clockErrorMsMax);
}

/** The time that somebody names, unless it is more than so many milliseconds from the one that we know. */
export function believedTime(named: string | undefined, known: Date, errorMsMax: number): Date {
  const time = new Date(named ?? known);
  return Math.abs(time.getTime() - known.getTime()) <= errorMsMax ? time : known;
}

/** The audience of a call that names none. */
export const defaultAudience = 'orchestrator';
