import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { status as grpcStatus } from '@grpc/grpc-js';
import { allDead, allResolved, newCall, threeComponents, type AnnouncedCall } from './call-ledger.js';
import { apiKeysOf, FaultScene, handlesOf, providers } from './fault-scene.js';
import { until } from './until.js';

const attemptsMax = 5;
const deadlineMs = 1_000;

describe('while Redis is away', () => {
  let scene: FaultScene;
  let keys: Record<string, string>;

  beforeAll(async () => {
    scene = await FaultScene.start({ env: { LATCHKEY_RETRY_ATTEMPTS_MAX: String(attemptsMax) } });
    const [stt, llm, tts] = providers.map((provider) => scene.keyOf(provider, 1));
    keys = { stt: stt!, llm: llm!, tts: tts! };
  }, 60_000);
  afterAll(() => scene?.stop(), 30_000);

  const calls = (count: number): AnnouncedCall[] => Array.from({ length: count }, () => newCall(scene.tenant.id));
  const resolve = (timeoutMs = deadlineMs) => {
    const { callId, organizationId } = newCall(scene.tenant.id);
    return scene
      .client(timeoutMs)
      .resolveCall({ call_id: callId, organization_id: organizationId, config: threeComponents });
  };
  const untilHandlesAreKept = (): Promise<void> =>
    until('handles are kept again', async () => handlesOf(await resolve(5_000)).length === 3);

  it('calls from Kafka wait on the retry topic and are answered once when it is back in time', async () => {
    const announced = calls(20);
    await scene.proxies.redis.cut();
    await scene.ledger.start(announced);
    await until('all are on the retry topic', () => announced.every((call) => scene.ledger.retriesOf(call).length > 0));
    await scene.proxies.redis.restore();
    expect(await scene.ledger.settle(announced)).toEqual(allResolved(20));
    for (const call of announced) expect(scene.ledger.retriesOf(call).length).toBeLessThan(attemptsMax);
    const [answer] = scene.ledger.answersTo(announced[0]!);
    const { keys: redeemed } = await scene.client().redeem({ call_id: answer!.call_id, handles: handlesOf(answer!) });
    expect(apiKeysOf(redeemed)).toEqual(keys);
  }, 60_000);

  it.each(['cut off', 'hanging'])(
    'with Redis %s gRPC delivers keys directly and refuses redeems, both in time, until it is back by itself',
    async (state) => {
      const before = await resolve(5_000);
      if (state === 'hanging') scene.proxies.redis.blackhole();
      else await scene.proxies.redis.cut();

      const direct = await resolve();
      expect(apiKeysOf(direct.components)).toEqual(keys);
      expect(handlesOf(direct)).toEqual([]);
      const redeem = scene.client(deadlineMs).redeem({ call_id: before.call_id, handles: handlesOf(before) });
      await expect(redeem).rejects.toMatchObject({ code: grpcStatus.UNAVAILABLE });
      const { status, checks } = await scene.readiness();
      expect(status).toBe('ready');
      expect(checks.handle_store?.reason).toMatch(/handles cannot be kept.*delivers keys directly: .*Redis/);

      await scene.proxies.redis.restore();
      await untilHandlesAreKept();
      const { keys: redeemed } = await scene.client().redeem({ call_id: before.call_id, handles: handlesOf(before) });
      expect(apiKeysOf(redeemed)).toEqual(keys);
      expect((await scene.readiness()).checks.handle_store).toEqual({ healthy: true });
    },
    60_000,
  );

  it('for longer than all attempts take, calls become dead letters with the reason, each after as many attempts', async () => {
    const announced = calls(20);
    await scene.proxies.redis.cut();
    await scene.ledger.start(announced);
    expect(await scene.ledger.settle(announced)).toEqual(allDead(20));
    await scene.proxies.redis.restore();
    await untilHandlesAreKept();
    for (const call of announced) {
      expect(scene.ledger.retriesOf(call)).toHaveLength(attemptsMax - 1);
      const [deadLetter, ...more] = scene.ledger.deadLettersOf(call);
      expect(more).toEqual([]);
      expect(deadLetter!.headers).toMatchObject({
        'latchkey-error-code': 'handle_store_unavailable',
        'latchkey-attempt': String(attemptsMax),
        'latchkey-original-topic': 'call.started.v1',
      });
      expect(JSON.parse(String(deadLetter!.value))).toMatchObject({ call_id: call.callId });
    }
    const after = calls(5);
    await scene.ledger.start(after);
    expect(await scene.ledger.settle(after)).toEqual(allResolved(5));
  }, 60_000);
});
