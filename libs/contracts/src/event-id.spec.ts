import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeId, topics } from './index.js';

describe('outcomeId', () => {
  // Made with Python: uuid.uuid5(uuid.UUID('6b1f0c5e8a0d4f0e9d0a3f6f5f2c7b11'), event_id + '\n' + type)
  it.each([
    ['evt-1', 'call.keys.resolved.v1', '0fa232ae-2381-59fa-bc2b-e5142b3b50ed'],
    ['evt-1', 'call.started.v1.dlq', '02308dd8-6f66-5777-8fbd-b2f2f5017e17'],
    ['', '', '5f7eb88a-f954-5fc6-b526-cb2dc3af392f'],
    ['Grüß 👋', 'call.ended.v1.retry', 'e2aa8a6a-9f3b-5351-92cf-8cd7b6eba410'],
    ['0b54e3f2-6a1d-4c55-9a0e-2f2f6b0c7d11', 'call.keys.resolved.v1', '9c3ebec7-6849-5339-bb5d-5da523ad69df'],
  ])('of %j and %j is the UUIDv5 that another implementation finds', (eventId, type, expected) => {
    expect(outcomeId(eventId, type)).toBe(expected);
  });

  it('is a version 5 UUID, the same every time, and another one for another event or another type', () => {
    const type = fc.constantFrom(...Object.values(topics));
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), type, type, (event, otherEvent, one, other) => {
        const id = outcomeId(event, one);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(outcomeId(event, one)).toBe(id);
        expect(outcomeId(otherEvent, one) === id).toBe(otherEvent === event);
        expect(outcomeId(event, other) === id).toBe(other === one);
      }),
    );
  });
});
