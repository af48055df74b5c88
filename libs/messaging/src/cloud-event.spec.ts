import { describe, expect, it } from '@jest/globals';
import { cloudEventHeaders, forwardedHeaders, readCloudEvent } from './cloud-event.js';
import type { IncomingEvent } from './event.js';
import { newEvent } from './spec-events.js';

const type = 'call.started.v1';
const incoming = (headers: Record<string, string>): IncomingEvent => ({
  topic: type,
  partition: 0,
  offset: '0',
  key: null,
  headers,
  value: null,
  storedAt: '2026-11-01T10:00:00.000Z',
});

describe('CloudEvents headers', () => {
  const written = cloudEventHeaders(
    { ...newEvent(type, 'k', {}), id: 'one', time: '2026-11-01T09:00:00.5+02:00' },
    'here',
  );

  it('are written in binary mode and read back', () => {
    expect(written).toMatchObject({ ce_source: 'here', 'content-type': 'application/json' });
    expect(readCloudEvent(incoming(written), type)).toEqual({ id: 'one', type, time: '2026-11-01T09:00:00.5+02:00' });
  });

  it('need no time: the bus knows when it stored the event', () => {
    const { ce_time: _, ...timeless } = written;
    expect(readCloudEvent(incoming(timeless), type).time).toBe('2026-11-01T10:00:00.000Z');
  });

  it('cannot be overridden by the extra headers of an event', () => {
    expect(
      cloudEventHeaders({ ...newEvent(type, 'k', {}), id: 'one', headers: { ce_id: 'two' } }, 'here')['ce_id'],
    ).toBe('one');
  });

  it.each(['application/json; charset=utf-8', 'application/vnd.example+json', undefined])(
    'accept content type %s',
    (contentType) => {
      const { 'content-type': _, ...others } = written;
      const headers = contentType === undefined ? others : { ...others, 'content-type': contentType };
      expect(readCloudEvent(incoming(headers), type).id).toBe('one');
    },
  );

  it.each([
    ['content-type', 'application/cloudevents+json'],
    ['content-type', 'text/plain'],
    ['ce_specversion', '0.3'],
    ['ce_type', 'call.started.v2'],
    ['ce_source', ''],
    ['ce_id', 'x'.repeat(257)],
    ['ce_time', 'yesterday'],
    ['ce_time', '2026-13-45T00:00:00Z'],
  ])('refuse %s: %s', (header, value) => {
    expect(() => readCloudEvent(incoming({ ...written, [header]: value }), type)).toThrow(
      expect.objectContaining({ kind: 'invalid', code: 'invalid_event', param: header }),
    );
  });
});

describe('a forwarded event', () => {
  it('keeps its headers in bytes and gets the added ones on top', () => {
    const bytes = Buffer.from([0xff]);
    const original = { ...incoming({ a: '?' }), raw: { key: null, headers: { a: bytes } } };
    expect(forwardedHeaders({ topic: 't', original, headers: { b: '1' } })).toEqual({ a: bytes, b: '1' });
  });
});
