import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import type { DeliveryAttempt, DueDelivery, WebhookDeliveryStore } from '#libs/keystore';
import { DeliveryWorker } from './delivery.worker.js';
import type { WebhookSender } from './webhook-sender.service.js';

const delivery = (id: string, attemptCount = 0): DueDelivery => ({
  organizationId: 'acme',
  id,
  subscriptionId: 'first',
  url: 'https://hooks.example.com',
  payload: { id: 'event', type: 'byok.key.rotated', created_at: '', organization_id: 'acme', data: {} },
  attemptCount,
  secrets: { kekVersion: 1, secret: Buffer.alloc(0), previousKekVersion: null, previousSecret: null },
});

describe('the delivery of webhooks', () => {
  let due: DueDelivery[];
  let answers: Record<string, number | Error>;
  let recorded: Map<string, DeliveryAttempt>;
  let worker: DeliveryWorker;

  beforeEach(() => {
    due = [];
    answers = {};
    recorded = new Map();
    const store = {
      takeDue: async (limit: number) => due.splice(0, limit),
      record: async ({ id }: DueDelivery, attempt: DeliveryAttempt) => void recorded.set(id, attempt),
    } as unknown as WebhookDeliveryStore;
    const send = async ({ id }: DueDelivery): Promise<{ status: number }> => {
      const answer = answers[id] ?? 200;
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
});
