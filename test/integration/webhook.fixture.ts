import { WebhookReceiver, type ReceivedWebhook } from '../support/webhook-receiver.js';
import { ConfigApiFixture } from './config-api.fixture.js';

export interface Webhook {
  id: string;
  url: string;
  secret?: string;
  [field: string]: unknown;
}

export interface Delivery {
  id: string;
  event: string;
  state: string;
  attempts: number;
  last_status: number | null;
  [field: string]: unknown;
}

export const everyEvent = ['byok.key.rotated', 'byok.key.quarantined', 'byok.key.expiring', 'byok.fallback.used'];

/** An organization, a receiver that it trusts, and the config-api between them. */
export class WebhookScene {
  private constructor(
    readonly api: ConfigApiFixture,
    readonly receiver: WebhookReceiver,
    readonly acme: { id: string; token: string },
  ) {}

  static async start(): Promise<WebhookScene> {
    const api = await ConfigApiFixture.start();
    return new WebhookScene(api, await WebhookReceiver.start(), await api.createOrganization('Acme'));
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.receiver.close();
  }

  /** A webhook to a path of the receiver, the only one that is told of events from now on. */
  async subscribe(path: string, more: object = {}): Promise<Webhook & { secret: string }> {
    const answer = await this.api.call<{ webhook: Webhook & { secret: string } }>(
      this.acme.token,
      'POST',
      '/api/v1/webhooks',
      { body: { url: this.receiver.url + path, events: everyEvent, ...more } },
    );
    if (answer.status !== 201) throw new Error(`no webhook: ${answer.text}`);
    const { webhook } = answer.body;
    await this.api.dataSource.query(`UPDATE webhook_subscription SET is_active = false WHERE id <> $1`, [webhook.id]);
    return webhook;
  }

  async storeKey(provider: string): Promise<void> {
    const body = { provider, api_key: this.api.plantKey('') };
    const answer = await this.api.call(this.acme.token, 'POST', '/api/v1/byok', { body });
    if (answer.status !== 200) throw new Error(`no key: ${answer.text}`);
  }

  receivedAt(path: string): ReceivedWebhook[] {
    return this.receiver.received.filter((each) => each.path === path);
  }

  async deliveriesOf(id: string, query = ''): Promise<Delivery[]> {
    const path = `/api/v1/webhooks/${id}/deliveries${query}`;
    return (await this.api.call<{ deliveries: Delivery[] }>(this.acme.token, 'GET', path)).body.deliveries;
  }
}
