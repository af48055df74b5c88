import { describe, expect, it } from '@jest/globals';
import { SecretBytes } from '#libs/crypto';
import { webhookHeaders, webhookSignature } from './webhook-signature.js';

const message = { timestamp: 1_764_000_000, body: '{"id":"1","type":"byok.key.rotated"}' };

describe('the signature of a webhook', () => {
  it('is the HMAC-SHA256 of timestamp, full stop and body, as anybody computes it', () => {
    // printf '%s' '1764000000.{"id":"1","type":"byok.key.rotated"}' | openssl dgst -sha256 -hmac secret
    expect(webhookSignature(SecretBytes.fromUtf8('secret'), message)).toBe(
      'sha256=79da9b6b439a3ad02995ace68d07536dc9617e8a55b12d9fd5a71baf12e967c7',
    );
  });

  it('depends on the secret, the timestamp and every byte of the body', () => {
    const secret = SecretBytes.fromUtf8('secret');
    const signatures = [
      webhookSignature(secret, message),
      webhookSignature(SecretBytes.fromUtf8('secreT'), message),
      webhookSignature(secret, { ...message, timestamp: message.timestamp + 1 }),
      webhookSignature(secret, { ...message, body: `${message.body} ` }),
    ];
    expect(new Set(signatures).size).toBe(signatures.length);
  });

  it('is sent for both secrets while one takes the place of the other, the newest where receivers look', () => {
    const [newest, previous] = [SecretBytes.fromUtf8('new'), SecretBytes.fromUtf8('old')];
    expect(webhookHeaders('byok.key.rotated', message, [newest, previous])).toEqual({
      'content-type': 'application/json',
      'x-webhook-event': 'byok.key.rotated',
      'x-webhook-timestamp': '1764000000',
      'x-webhook-signature': webhookSignature(newest, message),
      'x-webhook-signature-previous': webhookSignature(previous, message),
    });
    expect(webhookHeaders('byok.key.rotated', message, [newest])).not.toHaveProperty('x-webhook-signature-previous');
  });
});
