import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminToken, ConfigApiFixture, type Answer } from './config-api.fixture.js';

interface SlotAnswer {
  secret_id: string;
  epoch: number;
  code?: string;
}

describe('config-api under races and faults', () => {
  let api: ConfigApiFixture;
  let acme: { id: string; token: string };

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
    acme = await api.createOrganization('Acme');
  }, 60_000);
  afterAll(() => api.stop());

  const rotate = (provider: string, epoch?: number): Promise<Answer<SlotAnswer>> =>
    api.call<SlotAnswer>(acme.token, 'POST', `/api/v1/byok/keys/${provider}/rotate`, {
      body: { api_key: api.plantKey('sk-') },
      ...(epoch !== undefined && { headers: { 'if-match': `"${epoch}"` } }),
    });
  const add = (provider: string): Promise<Answer<SlotAnswer>> =>
    api.call<SlotAnswer>(acme.token, 'POST', '/api/v1/byok', { body: { provider, api_key: api.plantKey('sk-') } });

  it('of two rotations that believe the same epoch exactly one wins', async () => {
    await add('openai');
    for (let epoch = 1; epoch <= 10; epoch += 1) {
      const answers = await Promise.all([rotate('openai', epoch), rotate('openai', epoch)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
      const lost = answers.find(({ status }) => status === 412);
      expect(lost?.body.code).toBe('epoch_mismatch');
    }
  });

  it('concurrent rotations without a condition all happen, each with an epoch of its own', async () => {
    await add('mistral');
    const answers = await Promise.all(Array.from({ length: 8 }, () => rotate('mistral')));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    const slots = await api.dataSource.query<{ epoch: string; changes: string }[]>(
      `SELECT s.epoch, (SELECT count(*) FROM key_change c WHERE c.organization_id = s.organization_id
         AND c.provider = s.provider) AS changes
       FROM key_slot s WHERE s.organization_id = $1 AND s.provider = 'mistral'`,
      [acme.id],
    );
    expect(slots).toEqual([{ epoch: '9', changes: '9' }]);
  });

  it('every change is published from the outbox with its epoch, in order', async () => {
    const globex = await api.createOrganization('Globex');
    const path = '/api/v1/byok/keys/xai';
    const key = (): { api_key: string } => ({ api_key: api.plantKey('xai-') });
    await api.call(globex.token, 'POST', '/api/v1/byok', { body: { provider: 'xai', ...key() } });
    const rotated = await api.call<SlotAnswer>(globex.token, 'POST', `${path}/rotate`, { body: key() });
    await api.call(globex.token, 'PUT', `${path}/policy`, { body: { fallback: 'never' } });
    await api.call(globex.token, 'POST', `${path}/revoke`);
    await api.call(globex.token, 'DELETE', '/api/v1/byok?provider=xai');
    await api.eventOf(globex.id, 'xai', 5);
    const own = api.events.filter((event) => event.organization_id === globex.id);
    expect(own.map(({ epoch, change }) => [epoch, change])).toEqual([
      [1, 'added'],
      [2, 'rotated'],
      [3, 'policy_changed'],
      [4, 'revoked'],
      [5, 'removed'],
    ]);
    expect(own[1]).toMatchObject({ provider: 'xai', secret_id: rotated.body.secret_id });
    expect(own[3]?.secret_id).toBeNull();
  });

  it('without the database it answers 503 and is not ready, and works again by itself afterwards', async () => {
    await api.proxy.cut();
    for (const answer of [
      await rotate('openai'),
      await add('gladia'),
      await api.call<SlotAnswer>(acme.token, 'GET', '/api/v1/byok'),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.body).toMatchObject({ code: 'database_unavailable', type: 'unavailable' });
    }
    const sick = await api.call(undefined, 'GET', '/health/ready');
    expect(sick.status).toBe(503);
    expect(sick.body).toMatchObject({
      status: 'not_ready',
      checks: { postgres: { healthy: false, reason: expect.stringContaining('database') }, kek: { healthy: true } },
    });
    expect((await api.call(undefined, 'GET', '/health/live')).status).toBe(200);

    await api.proxy.restore();
    const recovered = await rotate('openai');
    expect(recovered.status).toBe(200);
    expect((await api.call(undefined, 'GET', '/health/ready')).status).toBe(200);
    expect((await api.eventOf(acme.id, 'openai', recovered.body.epoch)).secret_id).toBe(recovered.body.secret_id);
  });

  it('connections that the server ends in the middle of things are replaced', async () => {
    await api.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => api.call(adminToken, 'GET', '/api/v1/organizations')),
    );
    for (const { status } of answers) expect([200, 503]).toContain(status);
    expect((await api.call(acme.token, 'GET', '/api/v1/byok')).status).toBe(200);
    const after = await rotate('openai');
    expect((await api.eventOf(acme.id, 'openai', after.body.epoch)).change).toBe('rotated');
  });

  it('no answer, log line or event held a key', () => {
    expect(api.leaks()).toEqual([]);
  });
});
