import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createDataSource, withinOrganization } from '#libs/keystore';
import type { DataSource } from 'typeorm';
import { KeystoreFixture } from './keystore.fixture.js';

jest.setTimeout(60_000);

const denied = { kind: 'internal', cause: expect.objectContaining({ code: '42501' }) };
const readable = [
  'api_token',
  'tenant_kek',
  'key_slot',
  'key_version',
  'key_change',
  'receipt',
  'audit_event',
  'webhook_subscription',
  'webhook_delivery',
  'slot_use',
];
const closed = ['idempotent_request', 'outbox', 'service_key', 'migrations', 'receipt_other'];

describe('row-level security', () => {
  let keystore: KeystoreFixture;
  let own: string;
  let other: string;

  const asTenant = <Row>(organizationId: string, sql: string, values: unknown[] = []): Promise<Row[]> =>
    withinOrganization(keystore.dataSource, organizationId, (manager) => manager.query<Row[]>(sql, values));

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
    own = (await keystore.storedSlot()).organizationId;
    other = (await keystore.storedSlot()).organizationId;
    for (const id of [own, other]) {
      await keystore.rows(
        `INSERT INTO receipt (organization_id, call_id, day, live_until, components)
         VALUES ($1, 'call', current_date, now(), '[]'), ($1, 'call', '2001-01-01', now(), '[]')`,
        [id],
      );
      await keystore.rows(
        `WITH subscribed AS (
           INSERT INTO webhook_subscription (organization_id, id, url, events, tenant_kek_version, secret)
           VALUES ($1, gen_random_uuid(), 'https://example.com', '{}', 1, '') RETURNING id)
         INSERT INTO webhook_delivery (organization_id, id, subscription_id, event_id, event_type, payload)
         SELECT $1, gen_random_uuid(), id, id, 'byok.key.rotated', '{}' FROM subscribed`,
        [id],
      );
      await keystore.rows(
        `INSERT INTO audit_event (organization_id, kind, detail) VALUES ($1, 'redeem_refused', '{}')`,
        [id],
      );
      await keystore.rows(`INSERT INTO slot_use VALUES ($1, 'openai', now())`, [id]);
    }
  });
  afterAll(() => keystore.stop());

  it.each(readable)(
    'a query on %s without a WHERE shows the rows of the acting organization and no others',
    async (table) => {
      const all = await keystore.rows<{ organization_id: string }>(`SELECT organization_id FROM ${table}`);
      expect(new Set(all.map((row) => row.organization_id))).toEqual(new Set([own, other]));
      const seen = await asTenant<{ organization_id: string }>(own, `SELECT * FROM ${table}`);
      expect(seen).toHaveLength(all.filter((row) => row.organization_id === own).length);
      expect(new Set(seen.map((row) => row.organization_id))).toEqual(new Set([own]));
    },
  );

  it('organizations are shown to themselves and to their parent', async () => {
    const child = await keystore.organization(own);
    const idsFor = async (id: string): Promise<string[]> =>
      (await asTenant<{ id: string }>(id, 'SELECT id FROM organization')).map((row) => row.id);
    expect((await idsFor(own)).sort()).toEqual([own, child].sort());
    expect(await idsFor(child)).toEqual([child]);
    expect(await idsFor(other)).toEqual([other]);
  });

  it('every table with an organization in it is either held by a policy or out of the tenant role’s reach', async () => {
    const tables = await keystore.rows<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
         AND has_any_column_privilege('latchkey_tenant', c.oid, 'SELECT, INSERT, UPDATE')`,
    );
    expect(tables).toEqual([]);
  });

  it('without an acting organization there is no row at all', async () => {
    for (const table of [...readable, 'organization']) {
      const seen = await keystore.dataSource.transaction(async (manager) => {
        await manager.query(`SET LOCAL ROLE latchkey_tenant`);
        return manager.query<unknown[]>(`SELECT * FROM ${table}`);
      });
      expect(seen).toEqual([]);
    }
    expect(await asTenant('', 'SELECT * FROM key_slot')).toEqual([]);
  });

  it('a write for another organization is refused, and one that names none touches own rows only', async () => {
    const insertSlot = `INSERT INTO key_slot (organization_id, provider) VALUES ($1, 'xai')`;
    await expect(asTenant(own, insertSlot, [other])).rejects.toMatchObject(denied);
    const move = `UPDATE key_slot SET organization_id = $1 WHERE provider = 'openai'`;
    await expect(asTenant(own, move, [other])).rejects.toMatchObject(denied);
    const queue = `INSERT INTO outbox (id, organization_id, aggregatetype, aggregateid, type, payload)
      VALUES ($2, $1, 'key_slot', 'x', 'x', '{}')`;
    await expect(asTenant(own, queue, [other, randomUUID()])).rejects.toMatchObject(denied);
    const change = `INSERT INTO key_change (organization_id, provider, epoch, change, actor)
      VALUES ($1, 'openai', 99, 'rotated', 'intruder')`;
    await expect(asTenant(own, change, [other])).rejects.toMatchObject(denied);

    await asTenant(own, `UPDATE key_slot SET fallback = 'never'`);
    const policies = await keystore.rows<{ organization_id: string; fallback: string }>('SELECT * FROM key_slot');
    const policyOf = (id: string): unknown => policies.find((row) => row.organization_id === id)?.fallback;
    expect([policyOf(own), policyOf(other)]).toEqual(['never', null]);
  });

  it('tokens are made for the acting organization only, and organizations keep their parents', async () => {
    const token = `INSERT INTO api_token (id, organization_id, hash) VALUES ('intruder', $1, '')`;
    await expect(asTenant(own, token, [other])).rejects.toMatchObject(denied);
    await asTenant(own, `UPDATE api_token SET revoked_at = now()`);
    await asTenant(own, `UPDATE organization SET default_fallback = 'never'`);
    const theirs = await keystore.rows<{ revoked_at: Date | null; default_fallback: string | null }>(
      `SELECT revoked_at, default_fallback FROM api_token t JOIN organization o ON o.id = t.organization_id WHERE o.id = $1`,
      [other],
    );
    expect(theirs).toEqual([{ revoked_at: null, default_fallback: null }]);
    await expect(asTenant(other, `UPDATE organization SET parent_id = $1`, [own])).rejects.toMatchObject(denied);
  });

  it.each(closed)('the tenant role cannot read %s', async (table) => {
    await expect(asTenant(own, `SELECT * FROM ${table}`)).rejects.toMatchObject(denied);
  });

  it('the tenant role can delete webhooks and assistants, and nothing else', async () => {
    for (const table of [...readable, 'organization'].filter((name) => name !== 'webhook_subscription')) {
      await expect(asTenant(own, `DELETE FROM ${table}`)).rejects.toMatchObject(denied);
    }
  });

  it('the connection is nobody’s again afterwards, also when the work failed', async () => {
    await asTenant(own, 'SELECT 1');
    await expect(asTenant(own, 'SELECT * FROM service_key')).rejects.toMatchObject(denied);
    const states = await Promise.all(
      Array.from({ length: 24 }, () =>
        keystore.rows<{ role: string; acting: string | null }>(
          `SELECT current_user AS role, acting_organization()::text AS acting, pg_sleep(0.02)`,
        ),
      ),
    );
    const owner = new URL(keystore.url).username;
    for (const [state] of states) expect(state).toMatchObject({ role: owner, acting: null });
  });

  describe('the role of the resolver', () => {
    let resolver: DataSource;

    beforeAll(async () => {
      resolver = createDataSource({ url: keystore.url, applicationName: 'spec', role: 'latchkey_resolver' });
      await resolver.initialize();
    });
    afterAll(() => resolver.destroy());

    it('connections act as its role from the first statement', async () => {
      expect(await resolver.query('SELECT current_user AS role')).toEqual([{ role: 'latchkey_resolver' }]);
    });

    it('sees the slots and keys of every organization', async () => {
      const rows = await resolver.query<{ organization_id: string }[]>('SELECT organization_id FROM key_version');
      expect(new Set(rows.map((row) => row.organization_id))).toEqual(new Set([own, other]));
    });

    it.each([
      [`UPDATE key_slot SET state = 'revoked'`],
      [`INSERT INTO key_slot (organization_id, provider) SELECT id, 'xai' FROM organization`],
      [`UPDATE key_version SET state = 'active'`],
      [`DELETE FROM key_version`],
      [`UPDATE tenant_kek SET wrapped = ''`],
      [`INSERT INTO service_key (purpose, wrapped) VALUES ('mine', '')`],
      [`INSERT INTO organization (id, name) VALUES (gen_random_uuid(), 'mine')`],
      [`UPDATE audit_event SET detail = '{}'`],
      [`SELECT * FROM audit_event`],
      [`SELECT * FROM api_token`],
      [`SELECT * FROM outbox`],
      [`DELETE FROM receipt`],
      [`DELETE FROM slot_use`],
    ])('cannot: %s', async (statement) => {
      await expect(resolver.query(statement)).rejects.toMatchObject({ code: '42501' });
    });
  });
});
