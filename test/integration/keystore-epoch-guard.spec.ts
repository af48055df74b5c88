import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createDataSource, poolOf, PrimaryEpochGuard, type EpochClaim, type SlotId } from '#libs/keystore';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { KeystoreFixture, newKey, spec } from './keystore.fixture.js';

jest.setTimeout(60_000);

type Claimed = [version: number, epoch: number, accepted: boolean];

describe('PrimaryEpochGuard', () => {
  let keystore: KeystoreFixture;
  let resolver: DataSource;
  let guard: PrimaryEpochGuard;

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
    resolver = createDataSource({ url: keystore.url, applicationName: 'spec', role: 'latchkey_resolver' });
    await resolver.initialize();
    guard = new PrimaryEpochGuard(resolver);
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(async () => {
    await resolver.destroy();
    await keystore.stop();
  });

  const claimOf = (id: SlotId, version: number, epoch: number): EpochClaim => ({
    ...id,
    version,
    epoch,
    inherited: false,
  });
  const setSlot = (id: SlotId, assignment: string): Promise<unknown> =>
    keystore.rows(`UPDATE key_slot SET ${assignment} WHERE organization_id = $1`, [id.organizationId]);
  const passOverlap = (id: SlotId): Promise<unknown> =>
    keystore.rows(
      `UPDATE key_version SET retires_at = now() - interval '1 millisecond'
       WHERE organization_id = $1 AND state = 'retiring'`,
      [id.organizationId],
    );

  /** What happens to a slot with version 1 of epoch 1, and what becomes of claims afterwards. */
  const cases: { after: string; happens: (id: SlotId) => Promise<unknown>; claims: Claimed[] }[] = [
    {
      after: 'nothing: the active version is accepted, versions and epochs that never were are not',
      happens: async () => undefined,
      claims: [
        [1, 1, true],
        [2, 1, false],
        [1, -1, false],
      ],
    },
    {
      after: 'a graceful rotation: both are accepted inside the overlap',
      happens: (id) => keystore.rotate(id, 'graceful'),
      claims: [
        [1, 1, true],
        [2, 2, true],
      ],
    },
    {
      after: 'a graceful rotation whose overlap has passed: only the new one',
      happens: async (id) => {
        await keystore.rotate(id, 'graceful');
        await passOverlap(id);
      },
      claims: [
        [1, 1, false],
        [2, 2, true],
      ],
    },
    {
      after: 'an immediate rotation: only the new one',
      happens: (id) => keystore.rotate(id, 'immediate'),
      claims: [
        [1, 1, false],
        [1, 2, false],
        [2, 1, false],
        [2, 2, true],
      ],
    },
    {
      after: 'a graceful and then an immediate rotation: no overlap is left',
      happens: async (id) => {
        await keystore.rotate(id, 'graceful');
        await keystore.rotate(id, 'immediate');
      },
      claims: [
        [1, 1, false],
        [2, 2, false],
        [3, 3, true],
      ],
    },
    {
      after: 'a change of policy: what was accepted still is',
      happens: (id) => keystore.conditions().setPolicy(id, { fallback: 'never' }, spec),
      claims: [
        [1, 1, true],
        [1, 2, true],
      ],
    },
    {
      after: 'a revoke, inside an overlap too: nothing',
      happens: async (id) => {
        await keystore.rotate(id, 'graceful');
        await keystore.slots().revoke(id, spec);
      },
      claims: [
        [1, 1, false],
        [2, 2, false],
        [2, 3, false],
      ],
    },
    {
      after: 'a remove, also when a new key has taken the place: never the removed one again',
      happens: async (id) => {
        await keystore.slots().remove(id, spec);
        await keystore.slots().store(id, newKey(), spec);
      },
      claims: [
        [1, 1, false],
        [1, 3, false],
        [2, 3, true],
      ],
    },
    {
      after: 'quarantine: not while it lasts',
      happens: (id) => setSlot(id, `state = 'quarantined'`),
      claims: [[1, 1, false]],
    },
    {
      after: 'the end of the key’s time: not from that moment on',
      happens: (id) => setSlot(id, 'expires_at = now()'),
      claims: [[1, 1, false]],
    },
    {
      after: 'the end of the key’s time and a graceful rotation: the overlap does not bring it back',
      happens: async (id) => {
        await keystore.conditions().setPolicy(id, { expiresAt: new Date() }, spec);
        await keystore.rotate(id, 'graceful');
      },
      claims: [
        [1, 1, false],
        [2, 3, true],
      ],
    },
    {
      after: 'an expiry that lies ahead: still accepted',
      happens: (id) => setSlot(id, `expires_at = now() + interval '1 hour'`),
      claims: [[1, 1, true]],
    },
  ];

  it.each(cases)('after $after', async ({ happens, claims }) => {
    const id = await keystore.storedSlot();
    await happens(id);
    const answers = await guard.check(claims.map(([version, epoch]) => claimOf(id, version, epoch)));
    expect(answers).toEqual(claims.map(([, , accepted]) => accepted));
  });

  it('a child’s claim is refused while the slot is not shared, the agency’s own is not', async () => {
    const id = await keystore.storedSlot();
    const claims = [claimOf(id, 1, 1), { ...claimOf(id, 1, 1), inherited: true }];
    expect(await guard.check(claims)).toEqual([true, false]);
    await keystore.conditions().setPolicy(id, { shared: true }, spec);
    expect(await guard.check(claims)).toEqual([true, true]);
    await keystore.conditions().setPolicy(id, { shared: false }, spec);
    expect(await guard.check(claims)).toEqual([true, false]);
  });

  it('a claim is good for its own organization and provider only', async () => {
    const id = await keystore.storedSlot();
    const other = { ...id, organizationId: await keystore.organization() };
    const claims = [id, other, { ...id, provider: 'xai' }, { ...id, organizationId: randomUUID() }];
    expect(await guard.check(claims.map((slot) => claimOf(slot, 1, 1)))).toEqual([true, false, false, false]);
  });

  it('the same claim twice gets the same answer twice', async () => {
    const id = await keystore.storedSlot();
    const dead = claimOf(id, 9, 9);
    const good = claimOf(id, 1, 1);
    expect(await guard.check([dead, good, dead, good])).toEqual([false, true, false, true]);
  });

  describe('under load', () => {
    /** Counts the guard's queries; each is held back until `release`. */
    function heldQueries(pool: Pool): { sent: number; claims: number[]; release: () => void } {
      const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
      let open!: () => void;
      const gate = new Promise<void>((resolve) => (open = resolve));
      const held = { sent: 0, claims: [] as number[], release: () => open() };
      jest.spyOn(pool, 'query').mockImplementation((async (config: { values: unknown[][] }) => {
        held.sent += 1;
        held.claims.push(config.values[0]!.length);
        const answer = await query(config);
        await gate;
        return answer;
      }) as never);
      return held;
    }

    it('checks that are asked together are one query, each with its own answer', async () => {
      const id = await keystore.storedSlot();
      const held = heldQueries(poolOf(resolver));
      held.release();
      const good = claimOf(id, 1, 1);
      const dead = claimOf(id, 2, 2);
      const asked = [[good], [dead, good], [dead], [good, good, dead]];
      const answers = await Promise.all(asked.map((claims) => guard.check(claims)));
      expect(answers).toEqual([[true], [false, true], [false], [true, true, false]]);
      expect(held).toMatchObject({ sent: 1, claims: [7] });
    });

    it('a check that is asked while a query is on its way gets a query that starts after it, never that one’s answer', async () => {
      const id = await keystore.storedSlot();
      const good = claimOf(id, 1, 1);
      const held = heldQueries(poolOf(resolver));
      const before = guard.check([good]);
      while (held.sent === 0) await delay(1);
      await delay(50);
      await keystore.slots().revoke(id, spec);
      const after = [guard.check([good]), guard.check([good])];
      await delay(20);
      expect(held).toMatchObject({ sent: 2, claims: [1, 2] });
      held.release();
      expect(await before).toEqual([true]);
      expect(await Promise.all(after)).toEqual([[false], [false]]);
    });

    it('when the primary does not answer, every check that shared the query is unavailable, and the next one works', async () => {
      const id = await keystore.storedSlot();
      const pool = poolOf(resolver);
      jest.spyOn(pool, 'query').mockImplementationOnce(() => {
        throw new Error('Query read timeout');
      });
      const checks = [guard.check([claimOf(id, 1, 1)]), guard.check([claimOf(id, 1, 1)])];
      for (const check of checks) {
        await expect(check).rejects.toMatchObject({ kind: 'unavailable', code: 'database_unavailable' });
      }
      expect(await guard.check([claimOf(id, 1, 1)])).toEqual([true]);
    });
  });
});
