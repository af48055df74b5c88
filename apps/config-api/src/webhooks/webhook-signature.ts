import { createHmac } from 'node:crypto';
import type { SecretBytes } from '#libs/crypto';

/** What is signed: the moment of sending in Unix seconds, and the body as it is sent. */
export interface SignedMessage {
  timestamp: number;
  body: string;
}

/** `sha256=` and the hexadecimal HMAC-SHA256 of `<timestamp>.<body>`. */
export function webhookSignature(secret: SecretBytes, { timestamp, body }: SignedMessage): string {
  const hmac = secret.use((bytes) => createHmac('sha256', bytes).update(`${timestamp}.${body}`).digest('hex'));
  return `sha256=${hmac}`;
}

/**
 * The headers of a webhook. Of two secrets, the newest first, the second signs too: receivers that have not been told of
 * the new one yet compare with `X-Webhook-Signature-Previous`.
 */
export function webhookHeaders(
  event: string,
  message: SignedMessage,
  [newest, previous]: readonly SecretBytes[],
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-webhook-event': event,
    'x-webhook-timestamp': String(message.timestamp),
    'x-webhook-signature': webhookSignature(newest!, message),
    ...(previous && { 'x-webhook-signature-previous': webhookSignature(previous, message) }),
  };
}
