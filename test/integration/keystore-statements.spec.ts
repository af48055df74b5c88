import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { OrganizationStore, SlotNoticeStore } from '#libs/keystore';
import { KeystoreFixture, newKey, spec } from './keystore.fixture.js';

const providers = ['deepgram', 'elevenlabs', 'openai', 'resend', 'twilio'];

describe('the statements for many slots at once', () => {
  let keystore: KeystoreFixture;
  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
  });
  afterAll(() => keystore.stop());

  /** An organization with so many slots that expire, and two webhooks. */
  const withSlots = async (count: number): Promise<string> => {
    const organizationId = await keystore.organization();
    for (const provider of providers.slice(0, count)) {
      await keystore.slots().store({ organizationId, provider }, newKey(), spec);
    }
    await keystore.rows(`UPDATE key_slot SET expires_at = now() + interval '1 day' WHERE organization_id = $1`, [
      organizationId,
    ]);
    await keystore.rows(
      `INSERT INTO webhook_subscription (organization_id, id, url, events, tenant_kek_version, secret)
       SELECT $1, gen_random_uuid(), 'https://hooks.example', '{byok.key.expiring,byok.fallback.used}', 1, '\\x00'
       FROM generate_series(1, 2)`,
      [organizationId],
    );
    return organizationId;
  };
  const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const query = jest.spyOn(pg.Client.prototype, 'query');
    try {
      await work();
      return query.mock.calls.length;
    } finally {
      query.mockRestore();
    }
  };
  const deliveriesOf = (organizationId: string): Promise<{ type: string; provider: string }[]> =>
    keystore.rows(
      `SELECT event_type AS type, payload->'data'->>'provider' AS provider FROM webhook_delivery
       WHERE organization_id = $1 ORDER BY type, provider`,
      [organizationId],
    );
  const twice = (type: string): object[] => providers.flatMap((provider) => Array(2).fill({ type, provider }));

  it('that expire are as many as for one, and every webhook is told of each slot', async () => {
    const notices = new SlotNoticeStore(keystore.dataSource);
    await withSlots(1);
    const ofOne = await statementsOf(() => notices.tellOfExpiring(100));
    const organizationId = await withSlots(providers.length);
    expect(await statementsOf(() => notices.tellOfExpiring(100))).toBe(ofOne);
    expect(await deliveriesOf(organizationId)).toEqual(twice('byok.key.expiring'));
  });

  it('that fell back are as many as for one, and every webhook is told of each slot', async () => {
    const notices = new SlotNoticeStore(keystore.dataSource);
    const use = { callId: 'call-1', component: 'stt', reason: 'revoked', source: 'platform' } as const;
    const one = await withSlots(1);
    const ofOne = await statementsOf(() =>
      notices.tellOfFallbacks([{ ...use, organizationId: one, provider: 'deepgram' }]),
    );
    const organizationId = await withSlots(providers.length);
    const uses = providers.map((provider) => ({ ...use, organizationId, provider }));
    expect(await statementsOf(() => notices.tellOfFallbacks(uses))).toBe(ofOne);
    expect(await deliveriesOf(organizationId)).toEqual(twice('byok.fallback.used'));
  });

  it('that follow a default are as many as for one, and each slot has its change and its event', async () => {
    const organizations = new OrganizationStore(keystore.dataSource);
    const change = (id: string): Promise<unknown> => organizations.change(id, { defaultFallback: 'never' }, 'spec');
    const one = await withSlots(1);
    const ofOne = await statementsOf(() => change(one));
    const organizationId = await withSlots(providers.length);
    expect(await statementsOf(() => change(organizationId))).toBe(ofOne);
    const changes = await keystore.rows(
      `SELECT provider, epoch::integer, version, actor FROM key_change
       WHERE organization_id = $1 AND change = 'policy_changed' ORDER BY provider`,
      [organizationId],
    );
    expect(changes).toEqual(providers.map((provider) => ({ provider, epoch: 2, version: 1, actor: 'spec' })));
    const events = await keystore.rows(
      `SELECT aggregateid AS key, payload->>'provider' AS provider, (payload->>'epoch')::integer AS epoch FROM outbox
       WHERE organization_id = $1 AND payload->>'change' = 'policy_changed' ORDER BY provider`,
      [organizationId],
    );
    expect(events).toEqual(providers.map((provider) => ({ key: `${organizationId}/${provider}`, provider, epoch: 2 })));
  });
});
