import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import type { DeliveryAttempt, DueDelivery, WebhookDeliveryStore } from '#libs/keystore';
import { DeliveryWorker } from './delivery.worker.js';
import type { WebhookSender } from './webhook-sender.service.js';

const delivery = (id: string, attemptCount = 0): DueDelivery => ({
  organizationId: 'acme',
  id,
  subscriptionId: 'first',
  familyId: 'acme',
  url: 'https://hooks.example.com',
  payload: { id: 'event', type: 'byok.key.rotated', created_at: '', organization_id: 'acme', data: {} },
  attemptCount,
  secrets: { kekVersion: 1, secret: Buffer.alloc(0), previousKekVersion: null, previousSecret: null },
});

describe('the delivery of webhooks', () => {
  let due: DueDelivery[];
  let answers: Record<string, number | Error | Promise<number>>;
  let sent: string[];
  let recorded: Map<string, DeliveryAttempt>;
  let inHandCounts: number[];
  let worker: DeliveryWorker;

  beforeEach(() => {
    due = [];
    answers = {};
    sent = [];
    recorded = new Map();
    inHandCounts = [];
    const store = {
      takeDue: async (limit: number, inHand: readonly DueDelivery[]) => {
        inHandCounts.push(inHand.length);
        return due.splice(0, limit);
      },
      record: async ({ id }: DueDelivery, attempt: DeliveryAttempt) => void recorded.set(id, attempt),
    } as unknown as WebhookDeliveryStore;
    const send = async ({ id }: DueDelivery): Promise<{ status: number }> => {
      sent.push(id);
      const answer = (await answers[id]) ?? 200;
      if (answer instanceof Error) throw answer;
      return { status: answer };
    };
    worker = new DeliveryWorker(store, { send } as unknown as WebhookSender);
  });
  afterEach(() => worker.stop());

  const deliver = async (...deliveries: DueDelivery[]): Promise<void> => {
    due.push(...deliveries);
    worker.start();
    while (due.length > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await worker.stop();
  };

  it('is done with 2xx and with nothing else', async () => {
    answers = { made: 204, moved: 301, refused: 404, broken: 500 };
    await deliver(...Object.keys(answers).map((id) => delivery(id)));
    expect(recorded.get('made')).toEqual({ status: 204, error: null, nextAt: null });
    for (const [id, status] of [
      ['moved', 301],
      ['refused', 404],
      ['broken', 500],
    ] as const) {
      expect(recorded.get(id)).toMatchObject({
        status,
        error: `the receiver answered ${status}`,
        nextAt: expect.any(Date),
      });
    }
  });

  it('is tried again when nobody answers, and not for ever', async () => {
    const error = new AppError('unavailable', 'outbound_timeout', {
      message: 'hooks.example.com did not answer in time.',
    });
    answers = { first: error, twelfth: error };
    await deliver(delivery('first'), delivery('twelfth', 11));
    expect(recorded.get('first')).toMatchObject({ status: null, error: error.message, nextAt: expect.any(Date) });
    expect(recorded.get('twelfth')).toMatchObject({ status: null, error: error.message, nextAt: null });
  });

  it('is no attempt while there is no secret to sign with, and holds up no other', async () => {
    answers = { sealed: new AppError('unavailable', 'sealed') };
    await deliver(delivery('sealed'), delivery('other'));
    expect(recorded.has('sealed')).toBe(false);
    expect(recorded.get('other')).toMatchObject({ status: 200 });
  });

  it('does not wait for a receiver that hangs, has 32 in hand at most, and stops when all are on record', async () => {
    const slow = Array.from({ length: 31 }, (_, n) => `slow-${n}`);
    let answerSlow!: (status: number) => void;
    const late = new Promise<number>((resolve) => (answerSlow = resolve));
    answers = Object.fromEntries([...slow, 'last'].map((id) => [id, late]));
    due.push(...[...slow, 'quick-1', 'quick-2', 'quick-3', 'last', 'waiting'].map((id) => delivery(id)));
    worker.start();
    while (recorded.size < 3) await new Promise((resolve) => setTimeout(resolve, 2));
    expect([...recorded.keys()]).toEqual(['quick-1', 'quick-2', 'quick-3']);
    while (sent.at(-1) !== 'last') await new Promise((resolve) => setTimeout(resolve, 2));
    const stopped = worker.stop().then(() => recorded.size);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(due.map(({ id }) => id)).toEqual(['waiting']);
    expect(Math.max(...inHandCounts)).toBe(31);
    answerSlow(200);
    expect(await stopped).toBe(35);
    expect(due).toHaveLength(1);
  });
});
