import { beforeEach, describe, expect, it } from '@jest/globals';
import type { KeyVerdictStore, SlotConditionStore } from '#libs/keystore';
import { verdicts, type Verdict } from '#libs/providers';
import { VerdictService } from './verdict.service.js';

const key = { organizationId: 'acme', provider: 'openai', version: 3 };
const slot = { organizationId: 'acme', provider: 'openai' };

describe('a verdict on a stored key', () => {
  let done: unknown[];
  let nextCheckAt: Date | null;
  let service: VerdictService;

  beforeEach(() => {
    done = [];
    const conditions = {
      quarantine: async (...given: unknown[]) => void done.push(['quarantine', ...given.slice(0, 2)]),
      release: async (...given: unknown[]) => void done.push(['release', ...given.slice(0, 2)]),
    } as unknown as SlotConditionStore;
    const store = {
      record: async (_slot: unknown, version: number, { verdict }: { verdict: Verdict }, next: Date | null) => {
        done.push(['record', version, verdict]);
        nextCheckAt = next;
      },
    } as unknown as KeyVerdictStore;
    service = new VerdictService(store, conditions);
  });

  const apply = (verdict: Verdict, checkCount = 0): Promise<void> =>
    service.apply(key, { verdict, capabilities: {} }, checkCount);

  it.each<Verdict>(['invalid', 'blocked'])(
    'of %s takes it out of use before anything else, and asks again',
    async (verdict) => {
      await apply(verdict);
      expect(done).toEqual([
        ['quarantine', slot, 3],
        ['record', 3, verdict],
      ]);
      expect(nextCheckAt!.getTime()).toBeGreaterThan(Date.now());
    },
  );

  it.each<Verdict>(['valid', 'limited'])('of %s frees it, and asks no more', async (verdict) => {
    await apply(verdict);
    expect(done).toEqual([
      ['release', slot, 3],
      ['record', 3, verdict],
    ]);
    expect(nextCheckAt).toBeNull();
  });

  const others = verdicts.filter((verdict) => !['invalid', 'blocked', 'valid', 'limited'].includes(verdict));
  it.each(others)('of %s neither frees nor disables it, and asks again', async (verdict) => {
    await apply(verdict);
    expect(done).toEqual([['record', 3, verdict]]);
    expect(nextCheckAt!.getTime()).toBeGreaterThan(Date.now());
  });

  it('that is not good asks the later the more often it was so', async () => {
    await apply('invalid', 5);
    expect((nextCheckAt!.getTime() - Date.now()) / 60_000).toBeCloseTo(32, 0);
  });
});
