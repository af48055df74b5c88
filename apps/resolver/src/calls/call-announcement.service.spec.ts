import { afterEach, describe, expect, it } from '@jest/globals';
import { callKeyFailedSchema, topics, type CallKeyFailed, type CallKeysResolved } from '#libs/contracts';
import { MemoryEventBus, type IncomingEvent } from '#libs/messaging';
import { CallAnnouncementService } from './call-announcement.service.js';

const failure: CallKeyFailed = {
  call_id: 'call-1',
  organization_id: '0b9d3c58-6a3e-4f0a-9d0b-8f6f1a2c3d4e',
  component: 'stt',
  status: 401,
};

describe('a report of a refused key', () => {
  const bus = new MemoryEventBus();
  afterEach(() => bus.close());

  it('becomes the event that Kafka takes too, with one id however often it is sent', async () => {
    const events: IncomingEvent[] = [];
    await bus.subscribe({
      topics: [topics.callKeyFailed],
      group: 'spec',
      onSlice: async (slice) => void events.push(...slice),
    });
    const reports = new CallAnnouncementService(bus);
    await reports.report(failure);
    await reports.report(failure);
    await reports.report({ ...failure, component: 'tts' });
    while (events.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(callKeyFailedSchema.parse(JSON.parse(String(events[0]!.value)))).toEqual(failure);
    expect(events[0]).toMatchObject({ key: 'call-1', headers: { ce_type: topics.callKeyFailed } });
    const [first, second, other] = events.map((event) => event.headers.ce_id);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe('an answer over gRPC', () => {
  const bus = new MemoryEventBus();
  afterEach(() => bus.close());

  const answer = (fallbackReason?: 'no_key' | 'quarantined'): CallKeysResolved => ({
    call_id: fallbackReason ?? 'own',
    organization_id: failure.organization_id,
    resolved_at: '2026-11-02T09:30:00.000Z',
    expires_at: '2026-11-02T09:31:00.000Z',
    components: [
      {
        component: 'stt',
        provider: 'deepgram',
        slot: 'deepgram',
        status: 'resolved',
        source: fallbackReason ? 'platform' : 'tenant',
        secret_id: failure.organization_id,
        version: 1,
        ...(fallbackReason && { fallback_reason: fallbackReason }),
        handle: 'h',
      },
    ],
  });

  it('is announced when another’s key took the place of one that could not be used, and only then', async () => {
    const events: IncomingEvent[] = [];
    await bus.subscribe({
      topics: [topics.callKeysResolved],
      group: 'spec',
      onSlice: async (slice) => void events.push(...slice),
    });
    const announcements = new CallAnnouncementService(bus);
    for (const reason of [undefined, 'no_key', 'quarantined'] as const) announcements.announceFallback(answer(reason));
    while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(events.map(({ key }) => key)).toEqual(['quarantined']);
  });
});
