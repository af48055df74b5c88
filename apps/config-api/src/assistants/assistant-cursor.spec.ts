import { describe, expect, it } from '@jest/globals';
import { formatCursor, parseCursor } from './assistant-cursor.js';

describe('a cursor', () => {
  it('stands for the end of a page', () => {
    const position = { createdAt: '2026-11-24T10:15:30.123456Z', id: 'asst_1' };
    expect(parseCursor(formatCursor(position))).toEqual(position);
  });

  it.each([
    '',
    'nonsense',
    '%',
    formatCursor({ createdAt: '2026-02-30T00:00:00.000000Z', id: 'a' }),
    formatCursor({ createdAt: '2026-02-20T00:00:00.000000Z', id: 'a b' }),
    formatCursor({ createdAt: '2026-02-20T00:00:00.000000Z', id: '' }),
    formatCursor({ createdAt: '2026-02-20T00:00:00.000000Z', id: '\0' }),
  ])('is not %j', (cursor) => expect(parseCursor(cursor)).toBeUndefined());
});
