import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { allResolved, newCall, threeComponents } from './call-ledger.js';
import { apiKeysOf, FaultScene, handlesOf, providers, readinessOf } from './fault-scene.js';
import { OwnKafka } from './own-kafka.js';
import { until } from './until.js';

describe('while Kafka is away', () => {
  let kafka: OwnKafka;
  let scene: FaultScene;
  /** Epochs of each slot so far: one for the first key. */
  const epochs = new Map<string, number>(providers.map((provider) => [provider, 1]));

  beforeAll(async () => {
    kafka = await OwnKafka.start();
    scene = await FaultScene.start({ kafkaBrokers: kafka.brokers });
  }, 120_000);
  afterAll(async () => {
    await kafka?.goOn().catch(() => undefined);
    await scene?.stop();
    await kafka?.remove();
  }, 60_000);

  const resolve = () => {
    const { callId, organizationId } = newCall(scene.tenant.id);
    return scene.client().resolveCall({ call_id: callId, organization_id: organizationId, config: threeComponents });
  };
  /** Changes every slot three times; the last change gives it a key again. */
  const changeEverySlot = async (): Promise<void> => {
    for (const provider of providers) {
      const epoch = epochs.get(provider)!;
      const answers = [
        await scene.rotateAtOnce(provider, scene.keyOf(provider, epoch + 1)),
        await scene.tenant.api.post(`/api/v1/byok/keys/${provider}/revoke`),
        await scene.rotateAtOnce(provider, scene.keyOf(provider, epoch + 3)),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      epochs.set(provider, epoch + 3);
    }
  };
  const publishedEpochs = (provider: string): number[] =>
    scene.ledger.keyChanges
      .filter(({ key }) => key === `${scene.tenant.id}/${provider}`)
      .map(({ value }) => (JSON.parse(String(value)) as { epoch: number }).epoch);
  const expectEveryChangePublishedInOrder = async (): Promise<void> => {
    for (const provider of providers) {
      const last = epochs.get(provider)!;
      await until(`epoch ${last} of ${provider} is published`, () => publishedEpochs(provider).includes(last), 40_000);
      const firstTimes = [...new Set(publishedEpochs(provider))];
      expect(firstTimes).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    }
  };
  const untilReadinessIs = (wanted: 'ready' | 'not_ready', resolverUrl: string): Promise<void> =>
    until(
      `the resolver says "${wanted}"`,
      async () => {
        const { status, checks } = await readinessOf(resolverUrl);
        return status === wanted && checks.event_bus?.healthy === (wanted === 'ready');
      },
      30_000,
    );
  const expectCallsAreAnswered = async (): Promise<void> => {
    const calls = Array.from({ length: 20 }, () => newCall(scene.tenant.id));
    await scene.ledger.start(calls);
    expect(await scene.ledger.settle(calls)).toEqual(allResolved(20));
  };

  it('keys are changed and redeemed as strictly as ever, and afterwards every change is published in order', async () => {
    const before = await resolve();
    await kafka.kill();

    await changeEverySlot();
    const { keys } = await scene.client().redeem({ call_id: before.call_id, handles: handlesOf(before) });
    expect(keys.map(({ refusal }) => refusal)).toEqual(['key_changed', 'key_changed', 'key_changed']);
    const after = await resolve();
    const redeemed = await scene.client().redeem({ call_id: after.call_id, handles: handlesOf(after) });
    expect(Object.values(apiKeysOf(redeemed.keys))).toEqual(providers.map((provider) => scene.keyOf(provider, 4)));

    const { app, httpUrl } = scene.deployment.resolvers[0]!;
    await untilReadinessIs('not_ready', httpUrl);
    const started = await scene.deployment.addConfigApi();
    expect((await readinessOf(started.url)).checks.event_bus).toMatchObject({ healthy: true });
    const admin = new ApiClient(started.url, scene.deployment.adminToken);
    expect((await admin.get('/api/v1/organizations')).status).toBe(200);

    await kafka.launch();
    await expectEveryChangePublishedInOrder();
    await untilReadinessIs('ready', httpUrl);
    await expectCallsAreAnswered();
    expect(app.process.exitCode).toBeNull();
  }, 120_000);

  it('with a Kafka that hangs, keys are changed, apps can be stopped, and everything goes on when it answers again', async () => {
    const [leavingApi, leavingResolver] = [scene.deployment.configApis[1]!, scene.deployment.resolvers[0]!];
    const { httpUrl } = await scene.addResolver();
    const announced = Array.from({ length: 20 }, () => newCall(scene.tenant.id));
    await kafka.hang();
    const publishing = scene.ledger.start(announced);
    await changeEverySlot();
    expect((await resolve()).components.map(({ status }) => status)).toEqual(['resolved', 'resolved', 'resolved']);
    const stopped = Promise.all([leavingApi, leavingResolver].map(({ app }) => app.stop()));
    await untilReadinessIs('not_ready', httpUrl);
    expect(await stopped).toEqual([expect.any(Number), expect.any(Number)]);

    await kafka.goOn();
    await publishing;
    expect(await scene.ledger.settle(announced)).toEqual(allResolved(20));
    await expectEveryChangePublishedInOrder();
    await untilReadinessIs('ready', httpUrl);
  }, 120_000);
});
