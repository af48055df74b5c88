import type { CallConfig } from '#libs/contracts';

/** One call that asks for its keys, from whichever transport. */
export interface CallRequest {
  callId: string;
  organizationId: string;
  /** Who may redeem the handles. */
  audience: string;
  /** When the call was announced; its receipt is filed under this day. */
  announcedAt: Date;
  assistantId?: string | undefined;
  config?: CallConfig | undefined;
}

/** The audience of a call that names none. */
export const defaultAudience = 'orchestrator';
