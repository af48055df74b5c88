import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { status as grpcStatus } from '@grpc/grpc-js';
import type { RedeemedKeys, ResolvedCall } from '../support/key-resolver-client.js';
import { allResolved, newCall, threeComponents } from './call-ledger.js';
import { apiKeysOf, FaultScene, handlesOf, readinessOf } from './fault-scene.js';
import { until } from './until.js';

const deadlineMs = 1_000;
const unavailable = { code: grpcStatus.UNAVAILABLE };

describe('while PostgreSQL is away', () => {
  let scene: FaultScene;
  let version = 1;

  beforeAll(async () => {
    scene = await FaultScene.start();
  }, 60_000);
  afterAll(() => scene?.stop(), 30_000);

  const resolve = (timeoutMs = deadlineMs): Promise<ResolvedCall> => {
    const { callId, organizationId } = newCall(scene.tenant.id);
    return scene
      .client(timeoutMs)
      .resolveCall({ call_id: callId, organization_id: organizationId, config: threeComponents });
  };
  const redeem = (call: ResolvedCall, timeoutMs = deadlineMs) =>
    scene.client(timeoutMs).redeem({ call_id: call.call_id, handles: handlesOf(call) });
  /** Tries again while it is told to: on a busy machine Redis may answer too late. */
  const redeemAtLast = async (call: ResolvedCall): Promise<RedeemedKeys> => {
    let redeemed: RedeemedKeys | undefined;
    await until('the handles are redeemed', async () => {
      redeemed = await redeem(call, 5_000).catch((error: { code?: number }) => {
        if (error.code !== grpcStatus.UNAVAILABLE) throw error;
        return undefined;
      });
      return redeemed !== undefined;
    });
    return redeemed!;
  };
  const rotateLlmAtOnce = async (): Promise<string> => {
    const apiKey = scene.keyOf('openai', (version += 1));
    expect((await scene.rotateAtOnce('openai', apiKey)).status).toBe(200);
    return apiKey;
  };
  const untilItResolves = (): Promise<void> =>
    until('calls are resolved again', () =>
      resolve(5_000).then(
        () => true,
        () => false,
      ),
    );

  it.each(['cut off', 'hanging'])(
    'with PostgreSQL %s resolves and redeems are unavailable in time, Kafka calls wait, and a key that was rotated meanwhile never comes out',
    async (state) => {
      const before = await resolve(5_000);
      if (state === 'hanging') scene.proxies.resolverPostgres.blackhole();
      else await scene.proxies.resolverPostgres.cut();

      for (const _round of [1, 2]) {
        const outcomes = await Promise.allSettled([resolve(), redeem(before)]);
        expect(outcomes).toMatchObject(Array(2).fill({ status: 'rejected', reason: unavailable }));
      }
      const { httpStatus, checks } = await scene.readiness();
      expect(httpStatus).toBe(503);
      expect(checks.postgres).toMatchObject({ healthy: false, reason: expect.stringMatching(/database|no answer/) });

      const newKey = await rotateLlmAtOnce();
      const announced = Array.from({ length: 20 }, () => newCall(scene.tenant.id));
      await scene.ledger.start(announced);
      await until('all wait on the retry topic', () => announced.every((call) => scene.ledger.retriesOf(call)[0]));
      await expect(redeem(before)).rejects.toMatchObject(unavailable);
      // These are on their way when PostgreSQL comes back: it may answer them, but not with the old key.
      const onTheirWay = Promise.allSettled(Array.from({ length: 10 }, () => redeem(before, 2_000)));
      await scene.proxies.resolverPostgres.restore();
      for (const outcome of await onTheirWay) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(unavailable);
        else expect(outcome.value.keys[1]).toMatchObject({ api_key: '', refusal: 'key_changed' });
      }

      await untilItResolves();
      const { keys } = await redeemAtLast(before);
      expect(keys[1]).toMatchObject({ component: 'llm', api_key: '', refusal: 'key_changed' });
      const after = await redeemAtLast(await resolve(5_000));
      expect(apiKeysOf(after.keys).llm).toBe(newKey);
      expect(await scene.ledger.settle(announced)).toEqual(allResolved(20));
      for (const call of announced) {
        expect(scene.ledger.answersTo(call)[0]!.components[1]).toMatchObject({ component: 'llm', version });
      }
      await until('it is ready', async () => (await scene.readiness()).status === 'ready');
    },
    60_000,
  );

  it('a PostgreSQL that answers too late for the caller is one that does not answer', async () => {
    const before = await resolve(5_000);
    scene.proxies.resolverPostgres.delay(400);
    await expect(redeem(before, 300)).rejects.toMatchObject(unavailable);
    await scene.proxies.resolverPostgres.restore();
    const { keys } = await redeemAtLast(before);
    expect(keys.map(({ refusal }) => refusal)).toEqual([undefined, undefined, undefined]);
  }, 30_000);

  it.each(['cut off', 'hanging'])(
    'with PostgreSQL %s config-api answers 503 in the one error body, and works again by itself',
    async (state) => {
      const { apiPostgres } = scene.proxies;
      if (state === 'hanging') apiPostgres.blackhole();
      else await apiPostgres.cut();
      const { url } = scene.deployment.configApis[0]!;
      const [read, rotated, readiness] = await Promise.all([
        scene.tenant.api.get('/api/v1/byok'),
        scene.rotateAtOnce('deepgram', scene.keyOf('deepgram', 2)),
        readinessOf(url),
      ]);
      for (const answer of [read, rotated]) {
        expect(answer.status).toBe(503);
        expect(answer.body).toMatchObject({ code: 'database_unavailable', type: 'unavailable' });
      }
      expect(readiness).toMatchObject({ httpStatus: 503, checks: { postgres: { healthy: false } } });
      await apiPostgres.restore();
      await until('it is ready', async () => (await readinessOf(url)).status === 'ready');
      await rotateLlmAtOnce();
    },
    60_000,
  );

  it('every change made in these outages is published, each slot with its epochs in order', async () => {
    const newKey = await rotateLlmAtOnce();
    const epochs = (): number[] =>
      scene.ledger.keyChanges
        .filter(({ key }) => key === `${scene.tenant.id}/openai`)
        .map(({ value }) => (JSON.parse(String(value)) as { epoch: number }).epoch);
    await until('the last change is published', () => epochs().includes(version));
    expect([...new Set(epochs())]).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    expect(apiKeysOf((await redeem(await resolve(5_000))).keys).llm).toBe(newKey);
  }, 30_000);
});
