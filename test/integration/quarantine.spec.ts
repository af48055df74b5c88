import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { topics, type CallKeyFailed } from '#libs/contracts';
import { deliveryHeaders, KafkaEventBus, type IncomingEvent } from '#libs/messaging';
import { until } from '../faults/until.js';
import { isGenuine } from '../support/webhook-receiver.js';
import { config, QuarantineScene, sttOf } from './quarantine.scene.js';

jest.setTimeout(60_000);

const platformPath = '/admin/v1/platform/byok';

describe('a key that its provider refuses in a call', () => {
  let scene: QuarantineScene;
  beforeAll(async () => {
    scene = await QuarantineScene.start();
  }, 60_000);
  afterAll(() => scene.stop());

  it('is asked about once in half a minute, however many reports come and wherever, and stays in use when it is good', async () => {
    const key = scene.newKey();
    const acme = await scene.newTenant(key);
    const calls = await Promise.all(Array.from({ length: 100 }, () => scene.startCall(acme.id)));
    await Promise.all([
      ...calls.map((call) => scene.report(call, acme.id)),
      ...calls.map(({ call_id }) =>
        scene.outside.orchestrator.publish(topics.callKeyFailed, {
          call_id,
          organization_id: acme.id,
          component: 'stt',
          status: 401,
        } satisfies CallKeyFailed as { call_id: string }),
      ),
    ]);
    await until('the provider is asked', () => scene.probesOf(key) > 0);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(scene.probesOf(key)).toBe(1);
    expect(await scene.keyRow(acme.api)).toMatchObject({
      state: 'active',
      epoch: 1,
      last_validated: { verdict: 'valid' },
    });

    // It dies after that probe: the report comes too early for another one, and is not forgotten.
    scene.outside.provider.set('deepgram', key, 'invalid');
    await scene.report(calls[0]!, acme.id);
    await until('it will be asked again', async () => (await scene.dueInSeconds(acme.id)) !== null);
    expect(await scene.dueInSeconds(acme.id)).toBeGreaterThan(10);
    expect(scene.probesOf(key)).toBe(1);
    await scene.checkNow(acme.id);
    await scene.untilState(acme.api, 'quarantined');
    expect(scene.probesOf(key)).toBe(2);
  });

  it('is quarantined when it is bad indeed: handles die, calls follow the policy and say why, the tenant is told', async () => {
    const key = scene.newKey();
    const acme = await scene.newTenant(key);
    const webhook = await acme.api.post<{ webhook: { secret: string } }>('/api/v1/webhooks', {
      url: `${scene.outside.receiver.url}/acme`,
      events: ['byok.key.quarantined', 'byok.fallback.used'],
    });
    const call = await scene.startCall(acme.id);
    scene.outside.provider.set('deepgram', key, 'invalid');
    await scene.report(call, acme.id);
    await scene.untilState(acme.api, 'quarantined');
    expect(await scene.keyRow(acme.api)).toMatchObject({ epoch: 2 });
    const redeemed = await scene.grpc.redeem({ call_id: call.call_id, handles: [call.components[0]!.handle!] });
    expect(redeemed.keys).toMatchObject([{ refusal: 'key_changed' }]);

    expect(await scene.sttOfCall(acme.id)).toMatchObject({ status: 'unresolved', reason: 'quarantined' });
    await scene.storeKey(scene.admin, scene.newKey(), platformPath);
    await acme.api.put('/api/v1/byok/keys/deepgram/policy', { fallback: 'when_unusable' });
    const onKafka = { call_id: scene.nextCallId(), organization_id: acme.id, config };
    expect((await scene.outside.orchestrator.startCall(onKafka)).components).toMatchObject([
      { status: 'resolved', source: 'platform', fallback_reason: 'quarantined' },
    ]);

    await until('the tenant is told of both', () => scene.outside.receiver.received.length >= 2);
    const told = scene.outside.receiver.of('byok.key.quarantined');
    const data = { provider: 'deepgram', version: 1, reason: 'invalid' };
    expect(told).toMatchObject([{ body: { organization_id: acme.id, data } }]);
    expect(isGenuine(told[0]!, webhook.body.webhook.secret)).toBe(true);
    expect(scene.outside.receiver.of('byok.fallback.used')).toMatchObject([
      { body: { data: { reason: 'quarantined' } } },
    ]);
    expect(JSON.stringify(scene.outside.receiver.received)).not.toContain(key);

    scene.outside.provider.set('deepgram', key, 'slow');
    await scene.checkNow(acme.id);
    await until('it is asked again', () => scene.probesOf(key) === 2);
    scene.outside.provider.set('deepgram', key, 'valid');
    expect(await scene.keyRow(acme.api)).toMatchObject({ state: 'quarantined' });
    await until('that answer is given up', async () => ((await scene.dueInSeconds(acme.id)) ?? 0) > 60);

    await scene.checkNow(acme.id);
    await scene.untilState(acme.api, 'active');
    expect(await scene.sttOfCall(acme.id)).toMatchObject({ status: 'resolved', source: 'tenant', version: 1 });
    await until('there is nothing more to ask', async () => (await scene.dueInSeconds(acme.id)) === null);
  });

  it('is not quarantined for an answer that says nothing definite', async () => {
    const key = scene.newKey();
    const acme = await scene.newTenant(key);
    scene.outside.provider.set('deepgram', key, 'rate_limited');
    await scene.report(await scene.startCall(acme.id), acme.id);
    await until('it is asked again later', async () => ((await scene.dueInSeconds(acme.id)) ?? 0) > 30);
    expect(await scene.keyRow(acme.api)).toMatchObject({ state: 'active', epoch: 1 });
    scene.outside.provider.set('deepgram', key, 'valid');
    await scene.checkNow(acme.id);
    await until('there is nothing more to ask', async () => (await scene.dueInSeconds(acme.id)) === null);
  });

  it('leaves nothing behind when it is replaced', async () => {
    const [bad, good] = [scene.newKey(), scene.newKey()];
    const acme = await scene.newTenant(bad);
    scene.outside.provider.set('deepgram', bad, 'blocked');
    await scene.report(await scene.startCall(acme.id), acme.id);
    await scene.untilState(acme.api, 'quarantined');
    const before = await scene.keyRow(acme.api);
    await scene.storeKey(acme.api, good);
    const after = await scene.keyRow(acme.api);
    expect(after).toMatchObject({ state: 'active', last_validated: null });
    expect(after.secret_id).not.toBe(before.secret_id);
    expect(await scene.sttOfCall(acme.id)).toMatchObject({ status: 'resolved', version: 2 });
    // What was still to be asked of the old key is of no use to anybody.
    await scene.checkNow(acme.id);
    await until('nobody asks about the old key', async () => (await scene.dueInSeconds(acme.id)) === null);
    expect([scene.probesOf(bad), scene.probesOf(good)]).toEqual([1, 0]);
  });

  it("is found though it is the platform's or the agency's, and its owner is told", async () => {
    const [platformKey, agencyKey] = [scene.newKey(), scene.newKey()];
    await scene.storeKey(scene.admin, platformKey, platformPath);
    await scene.admin.post('/admin/v1/platform/webhooks', {
      url: `${scene.outside.receiver.url}/platform`,
      events: ['byok.key.quarantined'],
    });
    const loner = await scene.admin.createOrganization('Without a key');
    const agency = await scene.newTenant(agencyKey);
    await agency.api.put('/api/v1/byok/keys/deepgram/policy', { shared: true });
    const child = await scene.admin.post<{ id: string }>('/api/v1/organizations', {
      name: 'Child',
      parent_org_id: agency.id,
    });

    const lonersCall = await scene.startCall(loner.id);
    expect(sttOf(lonersCall)).toMatchObject({ source: 'platform' });
    const childsCall = await scene.startCall(child.body.id);
    expect(sttOf(childsCall)).toMatchObject({ source: 'inherited' });
    scene.outside.provider.set('deepgram', platformKey, 'invalid');
    scene.outside.provider.set('deepgram', agencyKey, 'invalid');
    await scene.report(lonersCall, loner.id);
    await scene.report(childsCall, child.body.id);
    await scene.untilState(agency.api, 'quarantined');
    await until('the operator is told', () => scene.outside.receiver.received.some(({ path }) => path === '/platform'));
    expect(await scene.sttOfCall(loner.id)).toMatchObject({ status: 'unresolved', reason: 'no_platform_key' });
  });

  it('cannot be reported for a call or a component that had none: the report is a dead letter', async () => {
    const acme = await scene.newTenant(scene.newKey());
    const call = await scene.startCall(acme.id);
    const deadLetters: IncomingEvent[] = [];
    const bus = new KafkaEventBus({
      brokers: scene.deployment.kafkaBrokers,
      clientId: 'spec',
      source: 'spec',
      topicPrefix: scene.deployment.topicPrefix,
    });
    await bus.subscribe({
      topics: [topics.callKeyFailedDeadLetter],
      group: 'spec',
      onSlice: async (slice) => void deadLetters.push(...slice),
    });
    await scene.report({ ...call, call_id: 'nobody-knows' }, acme.id);
    await scene.grpc.reportFailure({ call_id: call.call_id, organization_id: acme.id, component: 'tts', status: 401 });
    await until('both are dead letters', () => deadLetters.length === 2);
    const codes = deadLetters.map(({ headers }) => headers[deliveryHeaders.errorCode]);
    expect(codes.sort()).toEqual(['component_without_key', 'unknown_call']);
    await bus.close();
  });

  it('is reported with all that the event asks for, or not at all', async () => {
    const acme = await scene.admin.createOrganization('Acme');
    const refused = scene.grpc.reportFailure({
      call_id: 'c',
      organization_id: acme.id,
      component: 'nose',
      status: 401,
    });
    await expect(refused).rejects.toMatchObject({ code: 3, details: expect.stringMatching(/component/) });
    const without = { call_id: 'c', organization_id: acme.id, component: 'stt' } as Parameters<
      typeof scene.grpc.reportFailure
    >[0];
    await expect(scene.grpc.reportFailure(without)).rejects.toMatchObject({
      code: 3,
      details: expect.stringMatching(/status/),
    });
  });
});
