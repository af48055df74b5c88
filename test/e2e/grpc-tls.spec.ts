import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { credentials, status, type ChannelCredentials } from '@grpc/grpc-js';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { KeyResolverClient } from '../support/key-resolver-client.js';
import { callConfig } from './orchestrator.js';

jest.setTimeout(60_000);

/** A certificate for localhost, signed by itself, and its key: for tests and nothing else. */
const [certFile, keyFile] = ['cert', 'key'].map((part) => resolve(`test/support/tls/tests-only.localhost.${part}.pem`));

describe('gRPC with TLS', () => {
  let deployment: Deployment;
  const clients: KeyResolverClient[] = [];

  beforeAll(async () => {
    deployment = await Deployment.start({
      env: { LATCHKEY_GRPC_TLS_CERT_FILE: certFile!, LATCHKEY_GRPC_TLS_KEY_FILE: keyFile! },
    });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await deployment.stop();
  });

  const clientWith = (channel: ChannelCredentials, host = '127.0.0.1'): KeyResolverClient => {
    const address = deployment.resolvers[0]!.grpcAddress.replace('127.0.0.1', host);
    const client = new KeyResolverClient(address, deployment.serviceToken, 5_000, channel);
    clients.push(client);
    return client;
  };
  const trusting = (): ChannelCredentials => credentials.createSsl(readFileSync(certFile!));
  const aCall = { call_id: 'call', organization_id: randomUUID() };

  it.each(['127.0.0.1', 'localhost'])('keys go out to who trusts the certificate of %s', async (host) => {
    const admin = new ApiClient(deployment.configApis[0]!.url, deployment.adminToken);
    const tenant = await admin.createOrganization('tls');
    const apiKey = `key-${randomBytes(8).toString('hex')}`;
    await tenant.api.post('/api/v1/byok', { provider: 'deepgram', api_key: apiKey });
    const client = clientWith(trusting(), host);
    const call = await client.resolveCall({ call_id: 'call', organization_id: tenant.id, config: callConfig });
    const handles = call.components.flatMap(({ handle }) => handle ?? []);
    const { keys } = await client.redeem({ call_id: 'call', handles });
    expect(keys.map((key) => key.api_key)).toEqual([apiKey]);
  });

  it.each([
    ['speaks plaintext', () => credentials.createInsecure()],
    ['does not know the certificate', () => credentials.createSsl()],
  ])('who %s gets no answer', async (_, channel) => {
    const client = clientWith(channel());
    await expect(client.releaseCall(aCall)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it('the service token is asked for here too', async () => {
    const stranger = new KeyResolverClient(deployment.resolvers[0]!.grpcAddress, 'nonsense', 5_000, trusting());
    clients.push(stranger);
    await expect(stranger.releaseCall(aCall)).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });
});
