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
  const started = new Date(startedAt ?? announced);
  return Math.abs(started.getTime() - announced.getTime()) <= clockErrorMsMax ? started : announced;
}

/** The audience of a call that names none. */
export const defaultAudience = 'orchestrator';
