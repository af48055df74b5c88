import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { keyResolverProto } from '#libs/contracts';
import { Deployment } from '../support/deployment.js';
import { GrpcBorderClient, type Method } from './grpc-border.client.js';

jest.setTimeout(60_000);

const service = `${keyResolverProto.package}.${keyResolverProto.service}`;

describe('the resolver’s gRPC border', () => {
  let deployment: Deployment;
  let client: GrpcBorderClient;
  let authorization: string;

  beforeAll(async () => {
    deployment = await Deployment.start();
    client = new GrpcBorderClient(deployment.resolvers[0]!.grpcAddress);
    authorization = `Bearer ${deployment.serviceToken}`;
  });
  afterAll(async () => {
    client.close();
    await deployment.stop();
  });

  const call = { call_id: 'call', organization_id: randomUUID() };
  const handle = randomBytes(49).toString('base64url');
  const sound: Record<Method, object> = {
    ResolveCall: call,
    Redeem: { call_id: 'call', handles: [handle] },
    ReleaseCall: call,
  };
  const methods = Object.keys(sound) as Method[];

  it.each(methods)('%s without the service token, or with anything else, is UNAUTHENTICATED', async (method) => {
    const { serviceToken, adminToken } = deployment;
    for (const given of [
      undefined,
      '',
      'Bearer',
      `Bearer ${serviceToken}x`,
      `Bearer ${serviceToken.slice(0, -1)}`,
      `Bearer ${adminToken}`,
      `Basic ${serviceToken}`,
      serviceToken,
    ]) {
      const answer = await client.send(method, sound[method], given);
      expect(answer).toMatchObject({ status: 'UNAUTHENTICATED', code: 'unauthorized' });
    }
  });

  it('the token is asked for before the message is looked at', async () => {
    expect(await client.send('Redeem', { call_id: '' }, 'Bearer nonsense')).toMatchObject({
      status: 'UNAUTHENTICATED',
    });
  });

  it('a sound request is answered', async () => {
    expect(await client.send('Redeem', sound.Redeem, authorization)).toMatchObject({ status: 'OK' });
    expect(await client.send('ReleaseCall', sound.ReleaseCall, authorization)).toMatchObject({ status: 'OK' });
    expect(await client.send('ResolveCall', sound.ResolveCall, authorization)).toMatchObject({
      status: 'NOT_FOUND',
      code: 'organization_not_found',
    });
  });

  it.each<[string, Method, object]>([
    ['no call id', 'ResolveCall', { ...call, call_id: '' }],
    ['a call id with a line break', 'ResolveCall', { ...call, call_id: 'a\nb' }],
    ['a call id that is too long', 'ResolveCall', { ...call, call_id: 'x'.repeat(129) }],
    ['no organization', 'ResolveCall', { call_id: 'call' }],
    ['an organization that is no id', 'ResolveCall', { ...call, organization_id: 'acme' }],
    ['a time that is none', 'ResolveCall', { ...call, started_at: 'yesterday' }],
    ['an empty audience', 'ResolveCall', { ...call, audience: '' }],
    ['a section that is text', 'ResolveCall', { ...call, config: { fields: { stt_config: { stringValue: 'x' } } } }],
    ['no handle', 'Redeem', { call_id: 'call', handles: [] }],
    ['too many handles', 'Redeem', { call_id: 'call', handles: Array.from({ length: 33 }, () => handle) }],
    ['a handle that is a novel', 'Redeem', { call_id: 'call', handles: ['x'.repeat(201)] }],
    ['no call id', 'Redeem', { call_id: '', handles: [handle] }],
    ['an audience that is too long', 'Redeem', { call_id: 'call', audience: 'x'.repeat(65), handles: [handle] }],
    ['an audience with a NUL', 'Redeem', { call_id: 'call', audience: 'a\u0000b', handles: [handle] }],
    ['a call id with a NUL', 'Redeem', { call_id: 'a\u0000b', handles: [handle] }],
    ['a call id with a NUL', 'ReleaseCall', { ...call, call_id: 'a\u0000b' }],
    ['no call id', 'ReleaseCall', { ...call, call_id: '' }],
    ['an organization that is no id', 'ReleaseCall', { ...call, organization_id: "' OR 1=1" }],
  ])('%s is INVALID_ARGUMENT for %s', async (_, method, message) => {
    const answer = await client.send(method, message, authorization);
    expect(answer).toMatchObject({ status: 'INVALID_ARGUMENT', code: 'invalid_request' });
  });

  it('a refusal names the field and does not repeat what was in it', async () => {
    const marker = `sk-marker${randomBytes(12).toString('hex')}`;
    const answer = await client.send('ResolveCall', { call_id: `${marker} x`, organization_id: marker }, authorization);
    expect(answer.details).toBe('call_id must be printable ASCII without spaces; organization_id must be a UUID.');
    expect(answer.details).not.toContain(marker);
  });

  it.each(methods)(
    'bytes that are no message do not disturb %s: an error, and the next request is answered',
    async (method) => {
      for (const garbage of [randomBytes(64), Buffer.from('{"call_id":"x"}'), Buffer.alloc(4_096, 0xff)]) {
        const { status } = await client.send(method, garbage, authorization);
        expect(['INVALID_ARGUMENT', 'INTERNAL']).toContain(status);
      }
      expect(await client.send(method, Buffer.alloc(0), authorization)).toMatchObject({ status: 'INVALID_ARGUMENT' });
      expect(await client.send('Redeem', sound.Redeem, authorization)).toMatchObject({ status: 'OK' });
    },
  );

  it('a message over 1 MiB is refused, and the next request is answered', async () => {
    const large = { ...call, config: { fields: { stt_config: { stringValue: 'x'.repeat(1_100_000) } } } };
    expect(await client.send('ResolveCall', large, authorization)).toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
    expect(await client.send('Redeem', sound.Redeem, authorization)).toMatchObject({ status: 'OK' });
  });

  it('standard health says that the server and the service are serving, and knows no others', async () => {
    expect(await client.healthOf('')).toBe('SERVING');
    expect(await client.healthOf(service)).toBe('SERVING');
    expect(await client.healthOf('latchkey.v1.Nobody')).toBe('NOT_FOUND');
  });

  it('reflection lists the service', async () => {
    expect(await client.listServices()).toContain(service);
  });
});
