import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebhookDeliveryStore, type DueDelivery } from '#libs/keystore';
import { KeystoreFixture } from './keystore.fixture.js';

describe('the places of webhooks on their way', () => {
  let keystore: KeystoreFixture;
  let store: WebhookDeliveryStore;
  beforeEach(async () => {
    await keystore?.stop();
    keystore = await KeystoreFixture.start();
    store = new WebhookDeliveryStore(keystore.dataSource);
  }, 60_000);
  afterAll(() => keystore.stop());

  /** An organization with webhooks, to each of which so many deliveries have been due for so long. */
  const waiting = async (of: {
    parentId?: string;
    webhooks?: number;
    each: number;
    secondsAgo?: number;
    isActive?: boolean;
  }): Promise<string> => {
    const { parentId = null, webhooks = 1, each, secondsAgo = 60, isActive = true } = of;
    const organizationId = await keystore.organization(parentId);
    for (let n = 0; n < webhooks; n += 1) {
      const id = randomUUID();
      await keystore.rows(
        `INSERT INTO webhook_subscription (organization_id, id, url, events, is_active, tenant_kek_version, secret)
         VALUES ($1, $2, 'https://hooks.example', '{byok.key.rotated}', $3, 1, '\\x00')`,
        [organizationId, id, isActive],
      );
      await keystore.rows(
        `INSERT INTO webhook_delivery (organization_id, id, subscription_id, event_id, event_type, payload, due_at)
         SELECT $1, gen_random_uuid(), $2, gen_random_uuid(), 'byok.key.rotated', '{}', now() - make_interval(secs => $4)
         FROM generate_series(1, $3::integer)`,
        [organizationId, id, each, secondsAgo],
      );
    }
    return organizationId;
  };
  const countOf = (taken: readonly DueDelivery[], organizationId: string): number =>
    taken.filter((delivery) => delivery.organizationId === organizationId).length;

  it('are eight for an agency and all its children, four for one webhook', async () => {
    const agency = await waiting({ webhooks: 3, each: 20 });
    for (let n = 0; n < 4; n += 1) await waiting({ parentId: agency, webhooks: 3, each: 20 });
    const single = await waiting({ each: 20, secondsAgo: 1 });
    const taken = await store.takeDue(32);
    expect(taken.filter(({ familyId }) => familyId === agency)).toHaveLength(8);
    expect(countOf(taken, single)).toBe(4);
    expect(await store.takeDue(32, taken)).toEqual([]);
    expect((await store.takeDue(32, taken.slice(1))).length).toBe(1);
  });

  it('go to every family before any has a second one', async () => {
    const agency = await waiting({ webhooks: 3, each: 20 });
    for (let n = 0; n < 4; n += 1) await waiting({ parentId: agency, each: 20 });
    const late = [await waiting({ each: 1, secondsAgo: 1 }), await waiting({ each: 1, secondsAgo: 1 })];
    const taken = await store.takeDue(3);
    expect(late.map((organizationId) => countOf(taken, organizationId))).toEqual([1, 1]);
  });

  it('are found for the latest however many wait before it', async () => {
    await waiting({ webhooks: 3, each: 500 });
    await waiting({ each: 500, isActive: false });
    const late = await waiting({ each: 1, secondsAgo: 1 });
    const taken = await store.takeDue(32);
    expect([taken.length, countOf(taken, late)]).toEqual([9, 1]);
  });

  it('go to the organizations of a family in turn', async () => {
    const agency = await waiting({ webhooks: 4, each: 20 });
    const child = await waiting({ parentId: agency, webhooks: 2, each: 5, secondsAgo: 1 });
    const taken = await store.takeDue(32);
    expect([countOf(taken, agency), countOf(taken, child)]).toEqual([4, 4]);
    const more = await store.takeDue(
      32,
      taken.filter(({ organizationId }) => organizationId === agency),
    );
    expect([countOf(more, agency), countOf(more, child)]).toEqual([0, 4]);
  });

  it('go to the one organization of a family that can be told, however many have silenced theirs', async () => {
    const agency = await keystore.organization();
    for (let n = 0; n < 12; n += 1) await waiting({ parentId: agency, each: 1, isActive: false });
    const child = await waiting({ parentId: agency, each: 1 });
    expect(countOf(await store.takeDue(32), child)).toBe(1);
  });
});
