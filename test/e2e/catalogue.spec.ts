import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { KeyResolverClient } from '../support/key-resolver-client.js';
import { Orchestrator, resolvedOf } from './orchestrator.js';

jest.setTimeout(60_000);

/** A provider that nothing in the code knows. */
const acme = {
  extends: 'built-in',
  slots: [{ id: 'acme_voice', name: 'Acme Voice', category: 'tts', docsUrl: 'https://acme.example/docs' }],
  offerings: [
    {
      component: 'tts',
      provider: 'acme',
      aliases: ['acme_tts'],
      name: 'Acme Voice',
      slot: 'acme_voice',
      models: [{ id: 'acme-1', name: 'Acme 1', default: true }],
      voices: { known: ['ann', 'bob'], default: 'ann', free_text: false },
    },
  ],
};

describe('a provider that is added by data only', () => {
  let folder: string;
  let deployment: Deployment;
  let orchestrator: Orchestrator;
  let tenant: { id: string; api: ApiClient };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-catalogue-'));
    const path = join(folder, 'catalogue.json');
    await writeFile(path, JSON.stringify(acme));
    deployment = await Deployment.start({ env: { LATCHKEY_CATALOGUE: path } });
    orchestrator = await Orchestrator.listen(deployment);
    const admin = new ApiClient(deployment.configApis[0]!.url, deployment.adminToken);
    tenant = await admin.createOrganization('Acme');
  });
  afterAll(async () => {
    await orchestrator?.close();
    await deployment?.stop();
    await rm(folder, { recursive: true });
  });

  it('is listed, has its property in the map, and takes a key and settings', async () => {
    const { body: listing } = await tenant.api.get<{ providers: { id: string }[] }>('/api/v1/byok/config');
    const models = [{ id: 'acme-1', name: 'Acme 1', default: true }];
    expect(listing.providers.at(-1)).toMatchObject({
      ...acme.slots[0],
      models,
      offerings: [
        { component: 'tts', provider: 'acme', aliases: ['acme_tts'], models, voices: { known: ['ann', 'bob'] } },
      ],
    });
    expect(listing.providers).toHaveLength(11);
    const { body: map } = await tenant.api.get<{ byok_keys: object }>('/api/v1/byok');
    expect(map.byok_keys).toHaveProperty('acme_voice_secret_id', null);
    const key = { provider: 'acme_voice', api_key: `acme-${randomUUID()}` };
    const stored = await tenant.api.post('/api/v1/byok', key);
    expect([stored.status, stored.body]).toMatchObject([
      200,
      { byok_keys: { acme_voice_secret_id: expect.any(String) } },
    ]);
    const settings = await tenant.api.post('/api/v1/byok/config', { provider: 'acme_voice', config: { tier: 1 } });
    expect(settings.body).toMatchObject({ byok_config: { acme_voice: { tier: 1 }, openai: {} } });
  });

  it('can be an assistant’s, with its models and voices checked', async () => {
    const create = (tts: object): ReturnType<ApiClient['post']> =>
      tenant.api.post('/api/v1/assistants', { name: 'A', tts_config: { provider: 'acme', ...tts } });
    expect((await create({ voice_id: 'bob', model: 'acme-1' })).status).toBe(201);
    expect(await create({ voice_id: 'eve' })).toMatchObject({
      status: 400,
      body: { param: 'tts_config.voice_id', details: ['tts_config.voice_id may be ann, bob'] },
    });
  });

  it('gives a call its key', async () => {
    const apiKey = `acme-${randomUUID()}`;
    await tenant.api.post('/api/v1/byok', { provider: 'acme_voice', api_key: apiKey });
    const call = await orchestrator.startCall({
      call_id: randomUUID(),
      organization_id: tenant.id,
      config: { tts_config: { provider: 'acme_tts' } },
    });
    expect(resolvedOf(call, 'tts')).toMatchObject({ provider: 'acme', slot: 'acme_voice', source: 'tenant' });
    const grpc = new KeyResolverClient(deployment.resolvers[0]!.grpcAddress, deployment.serviceToken);
    const { keys } = await grpc.redeem({ call_id: call.call_id, handles: [resolvedOf(call, 'tts').handle] });
    grpc.close();
    expect(keys).toMatchObject([{ component: 'tts', api_key: apiKey }]);
  });

  it.each(['config-api', 'resolver', 'standalone'])(
    'that is mistaken keeps %s from starting and says where',
    async (app) => {
      const path = join(folder, `${app}.json`);
      const slot = { ...acme.slots[0], docsUrl: 'http://acme.example' };
      await writeFile(path, JSON.stringify({ ...acme, slots: [slot] }, null, 2));
      const env = {
        PATH: process.env.PATH ?? '',
        LATCHKEY_CATALOGUE: path,
        LATCHKEY_DATA_DIR: folder,
        // Nothing listens there: the catalogue is read first.
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
        REDIS_URL: 'redis://127.0.0.1:1',
        KAFKA_BROKERS: '127.0.0.1:1',
        LATCHKEY_KEK_FILE: join(folder, 'kek'),
        LATCHKEY_ADMIN_TOKEN: 'admin-token-0123456789',
        LATCHKEY_SERVICE_TOKEN: 'service-token-0123456789',
      };
      const run = promisify(execFile)(process.execPath, [resolve('dist/apps', app, 'src/main.js')], {
        env,
        timeout: 20_000,
      });
      await expect(run).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /cannot start\. The configuration has 1 problem\(s\):\n {2}- LATCHKEY_CATALOGUE: 8:18: slots\[0\]\.docsUrl: /,
        ),
      });
    },
  );
});
