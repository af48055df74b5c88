import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { status as grpcStatus } from '@grpc/grpc-js';
import { topics } from '#libs/contracts';
import type { IncomingEvent } from '#libs/messaging';
import { allResolved, newCall, threeComponents, type AnnouncedCall } from './call-ledger.js';
import { apiKeysOf, FaultScene, handlesOf } from './fault-scene.js';
import { until } from './until.js';

/** The broker takes 1 MiB with its own overhead; our own limit for a value is 512 KiB. */
const valueBytesBelowBroker = 1_000_000;

interface BadEvent {
  what: string;
  value: Buffer | null;
  headers?: Record<string, string>;
  code?: string;
  reason: RegExp;
}

describe('events that nobody should have sent', () => {
  let scene: FaultScene;

  beforeAll(async () => {
    scene = await FaultScene.start({ partitions: 1 });
  }, 60_000);
  afterAll(() => scene?.stop(), 30_000);

  const headers = (): Record<string, string> => ({
    ce_specversion: '1.0',
    ce_id: randomUUID(),
    ce_type: topics.callStarted,
    ce_source: 'test/orchestrator',
    ce_time: new Date().toISOString(),
    'content-type': 'application/json',
  });
  const valueOf = (fields: Record<string, unknown>): Buffer =>
    Buffer.from(JSON.stringify({ call_id: randomUUID(), organization_id: scene.tenant.id, ...fields }));
  const without = (name: string): Record<string, string> => {
    const { [name]: _left, ...rest } = headers();
    return rest;
  };
  /** The value with 100,000 lists inside each other in place of the text `deep`. */
  const deepened = (value: Buffer): Buffer =>
    Buffer.from(String(value).replace('"deep"', '['.repeat(100_000) + ']'.repeat(100_000)));

  const badEvents = (): BadEvent[] => [
    { what: 'not JSON', value: Buffer.from('call_id=1'), reason: /not JSON/ },
    { what: 'cut off in the middle', value: valueOf({}).subarray(0, 30), reason: /not JSON/ },
    { what: 'an empty value', value: Buffer.alloc(0), reason: /not JSON/ },
    { what: 'no value', value: null, reason: /no value/ },
    { what: 'invalid UTF-8', value: Buffer.from([0x22, 0xc3, 0x28, 0x22]), reason: /UTF-8/ },
    { what: 'a list', value: Buffer.from('[]'), reason: /must be object/ },
    { what: 'JSON null', value: Buffer.from('null'), reason: /must be object/ },
    { what: 'an event of another shape', value: Buffer.from('{"order":7}'), reason: /call_id must be string/ },
    { what: 'wrong types', value: valueOf({ call_id: 7, config: [] }), reason: /call_id must be.*config must be/ },
    { what: 'a call id too long', value: valueOf({ call_id: 'c'.repeat(129) }), reason: /call_id is above .* 128/ },
    { what: 'an organization that is no UUID', value: valueOf({ organization_id: 'acme' }), reason: /format uuid/ },
    {
      what: 'deep nesting in place of a section',
      value: deepened(valueOf({ config: 'deep' })),
      reason: /nested more than 64 levels deep/,
    },
    {
      what: 'deep nesting where nobody looks',
      value: deepened(valueOf({ config: { stt_config: { ...threeComponents.stt_config, extra: 'deep' } } })),
      reason: /nested more than 64 levels deep/,
    },
    { what: 'no ce_id', value: valueOf({}), headers: without('ce_id'), reason: /ce_id/ },
    { what: 'no headers at all', value: valueOf({}), headers: {}, reason: /header ce_specversion/ },
    {
      what: 'another type',
      value: valueOf({}),
      headers: { ...headers(), ce_type: 'call.ended.v1' },
      reason: /ce_type/,
    },
    {
      what: 'a value just below what the broker takes',
      value: valueOf({ padding: 'x'.repeat(valueBytesBelowBroker - 200) }),
      code: 'event_too_large',
      reason: /bytes, 524288 are allowed/,
    },
    {
      what: 'a call of an organization that does not exist',
      value: valueOf({ organization_id: randomUUID(), config: threeComponents }),
      code: 'organization_not_found',
      reason: /names no organization/,
    },
  ];
  const deadLetterOf = (key: string): IncomingEvent[] => scene.ledger.deadLetters.filter((event) => event.key === key);

  it('among good ones, each is a dead letter with its reason and its bytes, and the good ones are answered', async () => {
    const bad = badEvents();
    const good: AnnouncedCall[] = [];
    for (const { what, value, headers: own } of bad) {
      const call = newCall(scene.tenant.id);
      good.push(call);
      await Promise.all([
        scene.ledger.start([call]),
        scene.ledger.publishRaw(topics.callStarted, { key: what, headers: own ?? headers(), value }),
      ]);
    }
    expect(await scene.ledger.settle(good)).toEqual(allResolved(good.length));
    await until('every bad event is a dead letter', () => bad.every(({ what }) => deadLetterOf(what).length > 0));
    for (const { what, value, headers: own, code = 'invalid_event', reason } of bad) {
      const [deadLetter, ...more] = deadLetterOf(what);
      expect({ what, more: more.length, ...deadLetter!.headers }).toMatchObject({
        ...own,
        what,
        more: 0,
        'latchkey-error-code': code,
        'latchkey-error-message': expect.stringMatching(reason),
        'latchkey-original-topic': topics.callStarted,
        'latchkey-original-offset': expect.stringMatching(/^\d+$/),
      });
      expect(deadLetter!.value === null ? value : value?.equals(deadLetter!.value)).toBe(value === null ? null : true);
    }
    expect(scene.ledger.deadLetters).toHaveLength(bad.length);
    expect(scene.ledger.retries).toEqual([]);
  }, 60_000);

  it('configurations that make no sense get a normal answer, or make a dead letter of their own call only', async () => {
    const configs: [what: string, config: object][] = [
      ['numbers for providers', { stt_config: { provider: 7 }, llm_config: { provider: null } }],
      ['a provider of 100,000 letters', { llm_config: { provider: 'x'.repeat(100_000) } }],
      ['a NUL in a provider', { llm_config: { provider: 'open\u0000ai' } }],
      ['half a character in a provider', { llm_config: { provider: '\ud800' } }],
      ['names of the prototype', JSON.parse('{"__proto__":{"provider":"openai"},"constructor":{}}') as object],
    ];
    const odd = configs.map(([, config]) => newCall(scene.tenant.id, config));
    const good = Array.from({ length: 10 }, () => newCall(scene.tenant.id));
    await scene.ledger.start([...good.slice(0, 5), ...odd, ...good.slice(5)]);
    expect(await scene.ledger.settle(good)).toEqual(allResolved(10));
    expect(await scene.ledger.settle(odd)).toMatchObject({ endedTwice: 0, answersDiffer: 0, open: 0 });
    expect(scene.ledger.retries).toEqual([]);
    const outcomes = odd.map((call, n) => [
      configs[n]![0],
      scene.ledger.deadLettersOf(call)[0]?.headers['latchkey-error-code'] ??
        scene.ledger
          .answersTo(call)[0]!
          .components.map((component) => ('reason' in component ? component.reason : 'resolved')),
    ]);
    expect(outcomes).toEqual([
      ['numbers for providers', ['unknown_provider', 'unknown_provider']],
      ['a provider of 100,000 letters', ['unknown_provider']],
      ['a NUL in a provider', ['unknown_provider']],
      ['half a character in a provider', ['unknown_provider']],
      ['names of the prototype', []],
    ]);
  }, 60_000);

  it('a time in a year that PostgreSQL or the calendar does not know ends the event, not the consumer', async () => {
    const times = ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-14:00', '0001-01-01T00:00:00+14:00'];
    for (const time of times) {
      const key = `at ${time}`;
      const value = valueOf({ call_id: randomUUID(), config: threeComponents });
      await scene.ledger.publishRaw(topics.callStarted, { key, headers: { ...headers(), ce_time: time }, value });
      const ended = { call_id: randomUUID(), organization_id: scene.tenant.id, ended_at: time };
      await scene.ledger.publishRaw(topics.callEnded, {
        key,
        headers: { ...headers(), ce_type: topics.callEnded },
        value: Buffer.from(JSON.stringify(ended)),
      });
    }
    const good = Array.from({ length: 5 }, () => newCall(scene.tenant.id));
    await scene.ledger.start(good);
    expect(await scene.ledger.settle(good)).toEqual(allResolved(5));
    expect(scene.ledger.retries).toEqual([]);
    await scene.ledger.end(good[0]!);
    await until('a call that comes after them can end', async () => {
      const { body } = await scene.tenant.api.get<{ ended_at: string | null }>(`/api/v1/calls/${good[0]!.callId}/keys`);
      return body.ended_at !== null;
    });
  }, 60_000);

  it('an organization that does not exist is NOT_FOUND over gRPC, and garbage is refused without harm', async () => {
    const client = scene.client();
    const call = { call_id: randomUUID(), organization_id: scene.tenant.id, config: threeComponents };
    await expect(client.resolveCall({ ...call, organization_id: randomUUID() })).rejects.toMatchObject({
      code: grpcStatus.NOT_FOUND,
    });
    for (const wrong of [{ organization_id: 'acme' }, { call_id: '' }, { call_id: 'c'.repeat(129) }]) {
      await expect(client.resolveCall({ ...call, ...wrong })).rejects.toMatchObject({
        code: grpcStatus.INVALID_ARGUMENT,
      });
    }
    const nested = JSON.parse('['.repeat(300) + ']'.repeat(300)) as unknown;
    await Promise.allSettled([client.resolveCall({ ...call, config: { stt_config: { nested } } })]);
    const resolved = await client.resolveCall(call);
    const audience = 'no\u0000body';
    await expect(
      client.redeem({ call_id: call.call_id, audience, handles: handlesOf(resolved) }),
    ).rejects.toMatchObject({ code: grpcStatus.INVALID_ARGUMENT });
    const { keys } = await client.redeem({ call_id: call.call_id, handles: [...handlesOf(resolved), 'garbage', '…'] });
    expect(keys.map(({ refusal }) => refusal)).toEqual([
      undefined,
      undefined,
      undefined,
      'unknown_handle',
      'unknown_handle',
    ]);
  }, 30_000);

  it('a provider nobody knows leaves its component unresolved and the others resolved', async () => {
    const config = { ...threeComponents, tts_config: { provider: 'hal-9000', model: 'red-eye' } };
    const call = newCall(scene.tenant.id, config);
    await scene.ledger.start([call]);
    expect(await scene.ledger.settle([call])).toEqual(allResolved(1));
    const byGrpc = await scene
      .client()
      .resolveCall({ call_id: randomUUID(), organization_id: scene.tenant.id, config });
    for (const { components } of [scene.ledger.answersTo(call)[0]!, byGrpc]) {
      expect(components).toMatchObject([
        { component: 'stt', status: 'resolved' },
        { component: 'llm', status: 'resolved' },
        { component: 'tts', provider: 'hal-9000', status: 'unresolved', reason: 'unknown_provider' },
      ]);
    }
  }, 30_000);

  it('a masked key sent back is refused, and the stored key stays', async () => {
    const masked = { provider: 'openai', api_key: 'sk-…AbCd' };
    for (const answer of [
      await scene.tenant.api.post('/api/v1/byok', masked),
      await scene.rotateAtOnce('openai', masked.api_key),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ type: 'invalid', message: expect.stringContaining('masked') });
    }
    const call = { call_id: randomUUID(), organization_id: scene.tenant.id, config: threeComponents };
    const resolved = await scene.client().resolveCall(call);
    const { keys } = await scene.client().redeem({ call_id: call.call_id, handles: handlesOf(resolved) });
    expect(apiKeysOf(keys).llm).toBe(scene.keyOf('openai', 1));
    expect(keys[1]).toMatchObject({ version: 1 });
  }, 30_000);
});
