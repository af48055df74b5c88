import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isGenuine } from '../support/webhook-receiver.js';
import { WebhookScene, type Webhook } from './webhook.fixture.js';

interface Rotated {
  webhook: Webhook & { secret: string; previous_secret_until: string | null };
}

describe('the secret of a webhook that was replaced', () => {
  let scene: WebhookScene;
  beforeAll(async () => {
    scene = await WebhookScene.start();
  }, 60_000);
  afterAll(() => scene.stop());

  const rotate = async (id: string, body: object = {}): Promise<Rotated['webhook']> =>
    (await scene.api.call<Rotated>(scene.acme.token, 'POST', `/api/v1/webhooks/${id}/rotate-secret`, { body })).body
      .webhook;
  const secondsLeft = ({ previous_secret_until: until }: Rotated['webhook']): number =>
    (Date.parse(until!) - Date.now()) / 1_000;

  it('signs for as long as was asked, a day if nothing was said', async () => {
    const { id } = await scene.subscribe('/overlap');
    expect(secondsLeft(await rotate(id, { overlap_seconds: 60 }))).toBeCloseTo(60, -1);
    expect(secondsLeft(await rotate(id))).toBeCloseTo(86_400, -1);
    expect((await rotate(id, { overlap_seconds: 0 })).previous_secret_until).toBeNull();
  });

  it('signs a test event too, and no longer than any other', async () => {
    const { id, secret } = await scene.subscribe('/tried');
    const test = (): Promise<unknown> => scene.api.call(scene.acme.token, 'POST', `/api/v1/webhooks/${id}/test`);
    const { secret: newest } = await rotate(id);
    await test();
    await scene.api.dataSource.query(`UPDATE webhook_subscription SET previous_until = now() WHERE id = $1`, [id]);
    await test();
    const [during, after] = scene.receivedAt('/tried');
    expect([isGenuine(during!, newest), isGenuine(after!, newest)]).toEqual([true, true]);
    expect(isGenuine(during!, secret, { header: 'x-webhook-signature-previous' })).toBe(true);
    expect(after!.headers).not.toHaveProperty('x-webhook-signature-previous');
  });
});
