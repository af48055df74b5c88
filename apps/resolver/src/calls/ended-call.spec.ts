import { describe, expect, it } from '@jest/globals';
import type { ComponentName } from '#libs/contracts';
import type { EndedReceipt, ReceiptComponent } from '#libs/keystore';
import { afterItsEnd, callEndOf } from './ended-call.js';
import type { PreparedAnswer } from './prepared-answer.js';

const resolvedAt = new Date('2026-11-20T12:00:00Z');
const [before, after] = [new Date('2026-11-20T11:59:59Z'), new Date('2026-11-20T12:00:01Z')];
const call = { organizationId: 'org', callId: 'call' };
const key = { provider: 'p', slot: 's', status: 'resolved', source: 'tenant', secret_id: 'id' } as const;

const recordOf = (component: ComponentName, version: number): ReceiptComponent => ({
  ...key,
  component,
  version,
  epoch: version,
});
const over = (component: ComponentName): object => ({
  component,
  provider: 'p',
  slot: 's',
  status: 'unresolved',
  reason: 'call_ended',
});

/** A call that got version 2 of the keys of these components. */
function prepared(components: readonly ComponentName[]): PreparedAnswer {
  return {
    answer: {
      call_id: 'call',
      organization_id: 'org',
      resolved_at: '',
      expires_at: '',
      components: components.map((component) => ({ ...key, component, version: 2, handle: component })),
    },
    receipt: {
      ...call,
      day: '2026-11-20',
      resolvedAt,
      liveUntil: after,
      components: components.map((component) => recordOf(component, 2)),
    },
  };
}
const endedWith = (components: ReceiptComponent[], liveUntil = after): EndedReceipt => ({
  ...call,
  day: '2026-11-19',
  liveUntil,
  components,
});

describe('a call that has ended', () => {
  it('gets the keys of its post-call components, and no others', () => {
    const { answer } = afterItsEnd(prepared(['stt', 'llm', 'postcall_stt', 'postcall_llm', 'email']), endedWith([]));
    expect(answer.components).toMatchObject([
      over('stt'),
      over('llm'),
      { component: 'postcall_stt', handle: 'postcall_stt' },
      { component: 'postcall_llm', version: 2 },
      { component: 'email', status: 'resolved' },
    ]);
  });

  it('gets none when their time is up', () => {
    const { answer } = afterItsEnd(prepared(['stt', 'email']), endedWith([], before));
    expect(answer.components).toEqual([over('stt'), over('email')]);
  });

  it('has a receipt that keeps what it ran on, and says what it got since', () => {
    const ran = endedWith([recordOf('stt', 1), recordOf('email', 1)]);
    const { receipt } = afterItsEnd(prepared(['stt', 'llm', 'email']), ran);
    expect(receipt.components).toEqual([recordOf('stt', 1), recordOf('email', 2), over('llm')]);
    expect(receipt.day).toBe(ran.day);
    const { receipt: late } = afterItsEnd(prepared(['email']), { ...ran, liveUntil: before });
    expect(late.components).toEqual(ran.components);
  });
});

describe('the end of a call', () => {
  const endAt = (ended_at?: string): object =>
    callEndOf({ organization_id: 'org', call_id: 'call', ...(ended_at && { ended_at }) }, resolvedAt, 60_000);

  it('is when it is said to be, and leaves what works after it its time from the report on', () => {
    const liveUntil = new Date('2026-11-20T12:01:00Z');
    expect(endAt()).toEqual({ ...call, endedAt: resolvedAt, liveUntil });
    for (const named of ['2026-11-20T11:00:00Z', '2026-11-18T11:00:00Z', '2026-11-20T12:30:00Z']) {
      expect(endAt(named)).toEqual({ ...call, endedAt: new Date(named), liveUntil });
    }
  });

  it.each(['0000-01-01T00:00:00Z', '1999-01-01T00:00:00Z', '9999-01-01T00:00:00Z'])(
    'is when it is reported where a clock is far off: %s',
    (named) => expect(endAt(named)).toMatchObject({ endedAt: resolvedAt }),
  );
});
