import { isAssistantId, type AssistantPosition } from '#libs/keystore';
import { z } from 'zod';

const positionTime = z.iso.datetime({ precision: 6 });

/** The end of a page as one opaque word. */
export function formatCursor({ createdAt, id }: AssistantPosition): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url');
}

/** The end of a page that a cursor stands for; undefined for what never was a cursor. */
export function parseCursor(cursor: string): AssistantPosition | undefined {
  const [createdAt = '', id = '', ...more] = Buffer.from(cursor, 'base64url').toString('latin1').split(' ');
  const isCursor = positionTime.safeParse(createdAt).success && isAssistantId(id) && more.length === 0;
  return isCursor ? { createdAt, id } : undefined;
}
