import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '#libs/contracts';
import { allResolved, newCall, threeComponents, type AnnouncedCall } from './call-ledger.js';
import { FaultScene, handlesOf } from './fault-scene.js';
import { until } from './until.js';

interface ReceiptAnswer {
  resolved_at: string | null;
  ended_at: string | null;
  components: { secret_id: string }[];
}

/** A redeemed handle is answered again for so long, for clients that lost the answer. */
const replayWindowMs = 5_000;

describe('events that come twice or too late', () => {
  let scene: FaultScene;

  beforeAll(async () => {
    scene = await FaultScene.start();
  }, 60_000);
  afterAll(() => scene?.stop(), 30_000);

  const receiptOf = (call: AnnouncedCall) => scene.tenant.api.get<ReceiptAnswer>(`/api/v1/calls/${call.callId}/keys`);
  const receiptRows = (call: AnnouncedCall): Promise<number> =>
    scene.query(`SELECT FROM receipt WHERE call_id = $1`, [call.callId]).then((rows) => rows.length);
  const answered = (call: AnnouncedCall, times: number): Promise<void> =>
    until(`the call is answered ${times} times`, () => scene.ledger.answersTo(call).length === times);
  const redeem = (call: AnnouncedCall, handles: string[]) => scene.client().redeem({ call_id: call.callId, handles });
  const refusalsOf = async (call: AnnouncedCall, handles: string[]) =>
    (await redeem(call, handles)).keys.map(({ refusal }) => refusal);

  it('the same event twice has the same outcome twice, and a used handle stays used', async () => {
    const call = newCall(scene.tenant.id);
    await scene.ledger.start([call]);
    await answered(call, 1);
    const handles = handlesOf(scene.ledger.answersTo(call)[0]!);
    expect(await refusalsOf(call, handles)).toEqual([undefined, undefined, undefined]);
    const replayedUntil = performance.now() + replayWindowMs;

    await scene.ledger.start([call, call]);
    await answered(call, 3);
    expect(scene.ledger.tally([call])).toEqual(allResolved(1));
    expect(handlesOf(scene.ledger.answersTo(call)[2]!)).toEqual(handles);
    expect(await receiptRows(call)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, replayedUntil + 200 - performance.now()));
    expect(await refusalsOf(call, handles)).toEqual(['used_up', 'used_up', 'used_up']);
  }, 30_000);

  it('the same call under other event ids, at once and later, has one receipt and the same handles', async () => {
    const first = newCall(scene.tenant.id);
    const [second, third] = [
      { ...first, id: randomUUID() },
      { ...first, id: randomUUID() },
    ];
    await scene.ledger.start([first, second]);
    expect(await scene.ledger.settle([first, second])).toEqual(allResolved(2));
    await scene.ledger.start([third]);
    expect(await scene.ledger.settle([third])).toEqual(allResolved(1));
    const sets = [first, second, third].map((call) => handlesOf(scene.ledger.answersTo(call)[0]!).join());
    expect(new Set(sets).size).toBe(1);
    expect(await receiptRows(first)).toBe(1);
  }, 30_000);

  it('a call whose key was rotated between two deliveries has one receipt, which names what it got last', async () => {
    const call = newCall(scene.tenant.id);
    await scene.ledger.start([call]);
    await answered(call, 1);
    expect((await scene.rotateAtOnce('openai', scene.keyOf('openai', 2))).status).toBe(200);
    await scene.ledger.start([call]);
    await answered(call, 2);
    const [before, after] = scene.ledger
      .answersTo(call)
      .map(({ components }) => components[1] as { secret_id: string });
    expect(after!.secret_id).not.toBe(before!.secret_id);
    expect(await receiptRows(call)).toBe(1);
    expect((await receiptOf(call)).body.components[1]).toMatchObject({ secret_id: after!.secret_id });
    const [oldHandles, newHandles] = scene.ledger.answersTo(call).map(handlesOf);
    expect((await refusalsOf(call, [oldHandles![1]!]))[0]).toBeDefined();
    expect(await refusalsOf(call, newHandles!)).toEqual([undefined, undefined, undefined]);
  }, 30_000);

  it('a call that ended before it started is answered, has ended, and gets no keys', async () => {
    const call = newCall(scene.tenant.id);
    await scene.ledger.end(call);
    await until('its end is on record', async () => (await receiptOf(call)).body.ended_at !== null);
    await scene.ledger.start([call]);
    expect(await scene.ledger.settle([call])).toEqual(allResolved(1));
    const { body } = await receiptOf(call);
    expect(body).toMatchObject({ resolved_at: expect.any(String), ended_at: expect.any(String) });
    const { components } = scene.ledger.answersTo(call)[0]!;
    expect(components).toHaveLength(3);
    for (const component of components) expect(component).toMatchObject({ reason: 'call_ended' });
    expect(body.components).toEqual(components);
    expect(await receiptRows(call)).toBe(1);
  }, 30_000);

  it('the end of a call that comes twice, or for a call nobody knows, ends quietly', async () => {
    const [call, stranger] = [newCall(scene.tenant.id), newCall(randomUUID())];
    await scene.ledger.start([call]);
    expect(await scene.ledger.settle([call])).toEqual(allResolved(1));
    await scene.ledger.end(stranger);
    await scene.ledger.end(call);
    await until('the call has ended', async () => (await receiptOf(call)).body.ended_at !== null);
    const { ended_at: endedAt } = (await receiptOf(call)).body;
    await scene.ledger.end(call);
    const later = newCall(scene.tenant.id);
    await scene.ledger.end(later);
    await until('a later end is on record', async () => (await receiptOf(later)).status === 200);
    expect((await receiptOf(call)).body.ended_at).toBe(endedAt);
    expect(await receiptRows(stranger)).toBe(0);
    expect([...scene.ledger.retries, ...scene.ledger.deadLetters]).toEqual([]);
  }, 30_000);

  it('key changes that are published again, or in the wrong order, change nothing', async () => {
    await until('the changes are published', () => scene.ledger.keyChanges.length >= 4);
    const revoked = { change: 'revoked', epoch: 1, secret_id: null };
    for (const { key, headers, value } of scene.ledger.keyChanges.toReversed()) {
      const again = { ...(JSON.parse(String(value)) as object), ...revoked };
      for (const bytes of [value, Buffer.from(JSON.stringify(again))]) {
        await scene.ledger.publishRaw(topics.byokKeyChanged, { key: key!, headers, value: bytes });
      }
    }
    const call = { call_id: randomUUID(), organization_id: scene.tenant.id, config: threeComponents };
    const { components } = await scene.client().resolveCall(call);
    expect(components.map(({ version }) => version)).toEqual([1, 2, 1]);
    const { keys } = await scene
      .client()
      .redeem({ call_id: call.call_id, handles: components.map(({ handle }) => handle!) });
    expect(keys.map(({ api_key: key }) => key)).toEqual([
      scene.keyOf('deepgram', 1),
      scene.keyOf('openai', 2),
      scene.keyOf('elevenlabs', 1),
    ]);
  }, 30_000);
});
