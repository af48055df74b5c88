import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { topics, type CallKeyFailed } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { platformOrganizationId } from '#libs/keystore';
import type { KeyVerdictStore, ReceiptComponent, ReceiptReaderStore, VersionRef } from '#libs/keystore';
import { deliveryHeaders, MemoryEventBus, type IncomingEvent } from '#libs/messaging';
import { KeyFailureConsumer } from './key-failure.consumer.js';
import type { RecheckWorker } from './recheck.worker.js';

const acme = '0b9d3c58-6a3e-4f0a-9d0b-8f6f1a2c3d4e';
const agency = '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a';

const resolved = {
  provider: 'p',
  slot: 'deepgram',
  status: 'resolved',
  secret_id: acme,
  version: 4,
  epoch: 9,
} as const;
const components: ReceiptComponent[] = [
  { ...resolved, component: 'stt', source: 'tenant' },
  { ...resolved, component: 'llm', source: 'inherited', inherited_from: agency },
  { ...resolved, component: 'tts', source: 'platform' },
  { component: 'email', provider: 'resend', slot: 'resend', status: 'unresolved', reason: 'no_key' },
];

describe('a reported failure of a key', () => {
  let bus: MemoryEventBus;
  let requested: VersionRef[];
  let dead: IncomingEvent[];
  let wokenCount: number;
  let outage: AppError | undefined;

  beforeEach(async () => {
    bus = new MemoryEventBus();
    [requested, dead, wokenCount, outage] = [[], [], 0, undefined];
    const receipts = {
      findComponents: async (calls: { callId: string }[]) => {
        if (outage) throw outage;
        return calls.map(({ callId }) => (callId === 'known' ? components : undefined));
      },
    } as unknown as ReceiptReaderStore;
    const verdicts = {
      requestChecks: async (refs: VersionRef[]) => requested.push(...refs),
    } as unknown as KeyVerdictStore;
    const worker = { wake: () => (wokenCount += 1) } as unknown as RecheckWorker;
    new KeyFailureConsumer(bus, receipts, verdicts, worker).start();
    await bus.subscribe({
      topics: [topics.callKeyFailedDeadLetter],
      group: 'spec',
      onSlice: async (slice) => void dead.push(...slice),
    });
  });
  afterEach(() => bus.close());

  const report = (component: string, callId = 'known'): Promise<void> => {
    const value = { call_id: callId, organization_id: acme, component, status: 401 } as CallKeyFailed;
    const type = topics.callKeyFailed;
    const event = { topic: type, type, key: callId, id: `${callId}-${component}`, time: new Date().toISOString() };
    return bus.publish([{ ...event, value: Buffer.from(JSON.stringify(value)) }]);
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
  };

  it('has the key checked that the component had, whosever it is', async () => {
    for (const component of ['stt', 'llm', 'tts']) await report(component);
    await until(() => requested.length === 3);
    expect(requested).toEqual(
      [acme, agency, platformOrganizationId].map((organizationId) => ({
        organizationId,
        provider: 'deepgram',
        version: 4,
      })),
    );
    expect(wokenCount).toBeGreaterThan(0);
  });

  it('is a dead letter when the call or the component had no key', async () => {
    await report('stt', 'unknown');
    await report('email');
    await report('postcall_llm');
    await until(() => dead.length === 3);
    const codes = dead.map(({ headers }) => headers[deliveryHeaders.errorCode]).sort();
    expect(codes).toEqual(['component_without_key', 'component_without_key', 'unknown_call']);
    expect(requested).toEqual([]);
  });

  it('waits for the database', async () => {
    outage = new AppError('unavailable', 'database_unavailable');
    await report('stt');
    await new Promise((resolve) => setTimeout(resolve, 30));
    outage = undefined;
    await until(() => requested.length === 1);
    expect(dead).toEqual([]);
  });
});
