import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CallKeysResolved } from '#libs/contracts';
import { platformOrganizationId, type SlotUse } from '#libs/keystore';
import { SlotUseWorker } from './slot-use.worker.js';

const acme = '0b9d3c58-6a3e-4f0a-9d0b-8f6f1a2c3d4e';
const agency = '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a';
const resolved = {
  component: 'llm',
  provider: 'x',
  status: 'resolved',
  secret_id: 'id',
  version: 1,
  handle: 'handle',
} as const;
type Components = CallKeysResolved['components'];

/** What the worker is told of a call. */
function answered(components: Components, at = new Date(), organizationId = acme): [CallKeysResolved, Date] {
  const time = at.toISOString();
  return [{ call_id: 'call', organization_id: organizationId, resolved_at: time, expires_at: time, components }, at];
}

describe('noting when slots are used', () => {
  beforeEach(() => void jest.useFakeTimers({ now: new Date('2026-11-20T12:00:00Z') }));
  afterEach(() => void jest.useRealTimers());

  /** A worker, what it wrote, and a switch that makes writing fail. */
  function start(): { worker: SlotUseWorker; written: SlotUse[][]; store: { fails: boolean } } {
    const written: SlotUse[][] = [];
    const store = { fails: false };
    const note = (uses: readonly SlotUse[]): Promise<void> => {
      if (store.fails) return Promise.reject(new Error('away'));
      written.push([...uses]);
      return Promise.resolve();
    };
    return { worker: new SlotUseWorker({ note }), written, store };
  }
  const own = (slot: string): Components[number] => ({ ...resolved, slot, source: 'tenant' });

  it('happens a little later, in one write, with the latest time of each slot', async () => {
    const { worker, written } = start();
    const [early, late] = [new Date('2026-11-20T11:00:00Z'), new Date('2026-11-20T11:00:01Z')];
    worker.note(...answered([own('openai'), own('deepgram')], early));
    worker.note(...answered([own('openai')], late));
    worker.note(...answered([own('openai')], early));
    expect(written).toEqual([]);
    await jest.advanceTimersByTimeAsync(3_000);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(written).toEqual([
      [
        { organizationId: acme, provider: 'openai', lastUsedAt: late },
        { organizationId: acme, provider: 'deepgram', lastUsedAt: early },
      ],
    ]);
  });

  it('is about the owner of each key, and about no component without one', async () => {
    const { worker, written } = start();
    worker.note(
      ...answered([
        { ...resolved, slot: 'openai', source: 'inherited', inherited_from: agency },
        { ...resolved, slot: 'openai', source: 'platform' },
        { component: 'stt', provider: 'deepgram', slot: 'deepgram', status: 'unresolved', reason: 'no_key' },
      ]),
    );
    await worker.stop();
    expect(written.flat().map(({ organizationId }) => organizationId)).toEqual([agency, platformOrganizationId]);
  });

  it('that failed is tried again, and a use that came meanwhile is the later one', async () => {
    const { worker, written, store } = start();
    store.fails = true;
    worker.note(...answered([own('openai'), own('deepgram')]));
    const before = new Date();
    await jest.advanceTimersByTimeAsync(7_000);
    const after = new Date();
    worker.note(...answered([own('openai')]));
    store.fails = false;
    await jest.advanceTimersByTimeAsync(3_000);
    const times = written.map((uses) => uses.map(({ provider, lastUsedAt }) => [provider, lastUsedAt]));
    expect(times).toEqual([
      [
        ['openai', after],
        ['deepgram', before],
      ],
    ]);
  });

  it('is written soon too when it comes while another is being written', async () => {
    const written: string[] = [];
    let end = (): void => undefined;
    const note = async (uses: readonly SlotUse[]): Promise<void> => {
      written.push(...uses.map(({ provider }) => provider));
      await new Promise<void>((resolve) => (end = resolve));
    };
    const worker = new SlotUseWorker({ note });
    worker.note(...answered([own('openai')]));
    await jest.advanceTimersByTimeAsync(3_000);
    worker.note(...answered([own('deepgram')]));
    end();
    await jest.advanceTimersByTimeAsync(3_000);
    expect(written).toEqual(['openai', 'deepgram']);
  });

  it('keeps a bounded number of slots, however long nothing can be written', async () => {
    const { worker, written, store } = start();
    store.fails = true;
    for (let n = 0; n < 30_000; n += 1) {
      worker.note(...answered([own('openai')], new Date(), `organization-${n}`));
      if (n % 5_000 === 0) await jest.advanceTimersByTimeAsync(3_000);
    }
    store.fails = false;
    await worker.stop();
    expect(written.map(({ length }) => length)).toEqual([5_000]);
  });

  it('waits at a stop for what is being written, writes the rest, and leaves no timer behind', async () => {
    const written: SlotUse[][] = [];
    const note = async (uses: readonly SlotUse[]): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      written.push([...uses]);
    };
    const worker = new SlotUseWorker({ note });
    worker.note(...answered([own('openai')]));
    await jest.advanceTimersByTimeAsync(3_000);
    worker.note(...answered([own('deepgram')]));
    const stopped = worker.stop();
    await jest.advanceTimersByTimeAsync(2_000);
    await stopped;
    expect(written.flat().map(({ provider }) => provider)).toEqual(['openai', 'deepgram']);
    expect(jest.getTimerCount()).toBe(0);
  });
});
