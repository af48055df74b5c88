/** The servers of the stack, in the order people read them. */
export const serverNames = ['postgres', 'redis', 'kafka'] as const;

export type ServerName = (typeof serverNames)[number];
