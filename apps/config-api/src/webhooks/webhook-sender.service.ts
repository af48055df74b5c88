import type { SealedSecrets, WebhookPayload, WebhookSecretReader } from '#libs/keystore';
import type { OutboundAnswer, OutboundClient } from '#libs/providers';
import { webhookHeaders } from './webhook-signature.js';

const timeoutMs = 5_000;
/** Enough to show what a receiver answered. */
const answerBytesMax = 16 * 1024;

/** The subscription that is told. */
export interface WebhookTarget {
  organizationId: string;
  subscriptionId: string;
  url: string;
  secrets: SealedSecrets;
}

/** Sends webhooks, signed at the moment of sending. */
export class WebhookSender {
  constructor(
    private readonly secrets: WebhookSecretReader,
    private readonly outbound: OutboundClient,
  ) {}

  /**
   * What the receiver answers within 5 s: the status counts, whatever it is; of the rest the beginning is read. Rejects
   * as `OutboundClient` does, and with `sealed` or `open_failed` when there is no secret to sign with.
   */
  async send(target: WebhookTarget, payload: WebhookPayload): Promise<OutboundAnswer> {
    const message = { timestamp: Math.floor(Date.now() / 1_000), body: JSON.stringify(payload) };
    const secrets = await this.secrets.open(target, target.secrets);
    const headers = webhookHeaders(payload.type, message, secrets);
    for (const secret of secrets) secret.destroy();
    return this.outbound.send(
      { method: 'POST', url: target.url, headers, body: message.body, answerBytesMax, answerMayBeCut: true },
      timeoutMs,
    );
  }
}
