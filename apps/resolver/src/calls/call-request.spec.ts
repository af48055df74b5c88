import { describe, expect, it } from '@jest/globals';
import { announcedAtOf } from './call-request.js';

const announced = new Date('2026-11-20T00:00:30Z');

describe('when a call started', () => {
  it.each([
    ['2026-11-19T23:59:58Z', '2026-11-19T23:59:58.000Z'],
    ['2026-11-20T01:00:00+02:00', '2026-11-19T23:00:00.000Z'],
    ['2026-11-21T00:00:30Z', '2026-11-21T00:00:30.000Z'],
  ])('is what it says itself: %s', (startedAt, expected) => {
    expect(announcedAtOf(startedAt, announced).toISOString()).toBe(expected);
  });

  it.each([undefined, '2026-11-18T00:00:29Z', '2026-11-21T00:00:31Z', '1970-01-01T00:00:00Z', 'no time'])(
    'is when it was announced where it says %s',
    (startedAt) => {
      expect(announcedAtOf(startedAt, announced)).toEqual(announced);
    },
  );
});
