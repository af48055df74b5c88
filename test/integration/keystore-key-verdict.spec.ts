import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KeyVerdictStore, type RecordedVerdict, type VersionRef } from '#libs/keystore';
import { KeystoreFixture, spec } from './keystore.fixture.js';

interface VerdictRow {
  verdict: string | null;
  failed: boolean;
  due_in_seconds: number | null;
  check_count: number;
}

const said = (verdict: string): RecordedVerdict => ({ verdict, capabilities: { llm: 'ok' } });
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

describe('verdicts on stored keys', () => {
  let keystore: KeystoreFixture;
  let verdicts: KeyVerdictStore;
  let key: VersionRef;

  beforeAll(async () => {
    keystore = await KeystoreFixture.start();
    verdicts = new KeyVerdictStore(keystore.dataSource);
  }, 60_000);
  afterAll(() => keystore.stop());
  beforeEach(async () => {
    await keystore.rows('UPDATE key_version SET check_due_at = NULL');
    key = { ...(await keystore.storedSlot()), version: 1 };
  });

  const slot = () => ({ organizationId: key.organizationId, provider: key.provider });
  const row = async (): Promise<VerdictRow> => {
    const [found] = await keystore.rows<VerdictRow>(
      `SELECT verdict, failed_at IS NOT NULL AS failed, check_count,
         extract(epoch FROM check_due_at - now())::float AS due_in_seconds
       FROM key_version WHERE organization_id = $1 AND provider = $2 AND version = $3`,
      [key.organizationId, key.provider, key.version],
    );
    return found!;
  };
  const passTime = (seconds: number): Promise<unknown> =>
    keystore.rows(
      `UPDATE key_version SET check_due_at = check_due_at - make_interval(secs => $1),
         check_started_at = check_started_at - make_interval(secs => $1),
         check_requested_at = check_requested_at - make_interval(secs => $1)`,
      [seconds],
    );

  it('a storm of reports makes one check due, and one of many takers gets it', async () => {
    const requested = await Promise.all(Array.from({ length: 50 }, () => verdicts.requestChecks([key, key])));
    expect(requested.reduce((sum, count) => sum + count, 0)).toBe(1);
    const taken = await Promise.all(Array.from({ length: 10 }, () => verdicts.takeDue(8)));
    expect(taken.flat()).toEqual([{ ...key, checkCount: 0 }]);
    await verdicts.record(slot(), 1, said('valid'), null);
    expect(await row()).toMatchObject({ due_in_seconds: null });
    await passTime(31);
    expect(await verdicts.requestChecks([key])).toBe(1);
    expect(await verdicts.takeDue(8)).toHaveLength(1);
  });

  it.each(['while a check is under way', 'after it'])(
    'a storm %s waits for half a minute, and costs one more',
    async (when) => {
      const storm = async (): Promise<void> => {
        const requested = await Promise.all(Array.from({ length: 50 }, () => verdicts.requestChecks([key, key])));
        expect(requested.reduce((sum, count) => sum + count, 0)).toBe(1);
      };
      await verdicts.requestChecks([key]);
      await verdicts.takeDue(8);
      if (when !== 'after it') await storm();
      await verdicts.record(slot(), 1, said('valid'), null);
      if (when === 'after it') await storm();
      const { due_in_seconds: dueInSeconds } = await row();
      expect(dueInSeconds).toBeGreaterThan(20);
      expect(dueInSeconds).toBeLessThanOrEqual(30);
      expect(await verdicts.takeDue(8)).toEqual([]);
      await passTime(31);
      const taken = await Promise.all(Array.from({ length: 10 }, () => verdicts.takeDue(8)));
      expect(taken.flat()).toEqual([{ ...key, checkCount: 0 }]);
      await verdicts.record(slot(), 1, said('valid'), null);
      expect(await row()).toMatchObject({ due_in_seconds: null });
    },
  );

  it('a report while a check is under way does not hasten the next one of a key that is not good', async () => {
    await verdicts.requestChecks([key]);
    await verdicts.takeDue(8);
    await verdicts.requestChecks([key]);
    await verdicts.record(slot(), 1, said('invalid'), inAnHour());
    expect((await row()).due_in_seconds).toBeGreaterThan(3_000);
  });

  it('a check whose taker has died is taken again', async () => {
    await verdicts.requestChecks([key]);
    expect(await verdicts.takeDue(8)).toHaveLength(1);
    expect(await verdicts.takeDue(8)).toHaveLength(0);
    await passTime(31);
    expect(await verdicts.takeDue(8)).toHaveLength(1);
  });

  it('what is not in use is not checked, and what is in quarantine is by its schedule only', async () => {
    await verdicts.record(slot(), 1, said('unverified'), new Date());
    await keystore.rotate(slot(), 'graceful');
    expect(await verdicts.requestChecks([key])).toBe(0);
    expect(await verdicts.takeDue(8)).toEqual([]);
    expect(await row()).toMatchObject({ due_in_seconds: null });

    key = { ...key, version: 2 };
    await keystore.conditions().quarantine(slot(), 2, { ...spec, reason: 'invalid' });
    expect(await verdicts.requestChecks([key])).toBe(0);
    await verdicts.record(slot(), 2, said('invalid'), new Date());
    expect(await verdicts.takeDue(8)).toEqual([{ ...key, checkCount: 1 }]);
  });

  it('count how often in a row a key was not good, and remember when it was last refused', async () => {
    await verdicts.record(slot(), 1, said('invalid'), inAnHour());
    await verdicts.record(slot(), 1, said('invalid'), inAnHour());
    expect(await row()).toMatchObject({ verdict: 'invalid', failed: true, check_count: 2 });
    await verdicts.record(slot(), 1, said('valid'), null);
    expect(await row()).toMatchObject({ verdict: 'valid', failed: true, check_count: 0, due_in_seconds: null });
  });

  it('that leave everything open replace none that said something', async () => {
    await verdicts.record(slot(), 1, said('unreachable'), inAnHour());
    expect(await row()).toMatchObject({ verdict: 'unreachable' });
    await verdicts.record(slot(), 1, said('valid'), null);
    for (const nothing of ['unreachable', 'rate_limited', 'unverified']) {
      await verdicts.record(slot(), 1, said(nothing), inAnHour());
      expect(await row()).toMatchObject({ verdict: 'valid' });
    }
    expect((await row()).due_in_seconds).toBeGreaterThan(3_000);
  });

  it('stay with their version, and going back to a refused one has it checked', async () => {
    await verdicts.record(slot(), 1, said('invalid'), inAnHour());
    await keystore.rotate(slot(), 'graceful');
    const [current] = await keystore.rows<{ verdict: string | null }>(
      `SELECT verdict FROM key_version WHERE organization_id = $1 AND version = 2`,
      [key.organizationId],
    );
    expect(current).toEqual({ verdict: null });
    await keystore.slots().rollBack(slot(), { version: 1, overlapSeconds: 60 }, spec);
    expect(await verdicts.takeDue(8)).toEqual([{ ...key, checkCount: 1 }]);
  });

  it('that come late, on a key that was replaced, neither disable nor free the one in its place', async () => {
    const state = async (): Promise<object> => {
      const { state: current, epoch } = await keystore.slotRow(slot());
      return { state: current, epoch };
    };
    await keystore.rotate(slot(), 'graceful');
    await keystore.conditions().quarantine(slot(), 1, { ...spec, reason: 'invalid' });
    expect(await state()).toEqual({ state: 'active', epoch: 2 });
    await keystore.conditions().quarantine(slot(), 2, { ...spec, reason: 'invalid' });
    await keystore.conditions().release(slot(), 1, spec);
    expect(await state()).toEqual({ state: 'quarantined', epoch: 3 });
    await keystore.conditions().release(slot(), 2, spec);
    expect(await state()).toEqual({ state: 'active', epoch: 4 });
  });

  it('are found by secret id', async () => {
    const [stored] = await keystore.rows<{ secret_id: string }>(
      `SELECT secret_id FROM key_version WHERE organization_id = $1`,
      [key.organizationId],
    );
    await verdicts.record(slot(), 1, said('valid'), null);
    const found = await verdicts.findBySecretIds([stored!.secret_id, key.organizationId]);
    expect([...found]).toEqual([[stored!.secret_id, { ...said('valid'), validatedAt: expect.any(Date) }]]);
  });
});
