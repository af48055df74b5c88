import { AppError } from '#libs/errors';
import { commitmentLength, prefixLength } from './envelope-header.js';
import { encodeFields } from './field-encoding.js';
import type { RecordType, SealContext } from './seal-context.js';
import type { SecretBytes } from './secret-bytes.js';
import { loadedSodium } from './sodium.js';

export const keyLength = 32;

const labels: Record<RecordType, Buffer> = {
  'api-key': labelOf('api-key'),
  dek: labelOf('dek'),
  'tenant-kek': labelOf('tenant-kek'),
  'service-key': labelOf('service-key'),
  handle: labelOf('handle'),
  backup: labelOf('backup'),
  'webhook-secret': labelOf('webhook-secret'),
  'idempotent-answer': labelOf('idempotent-answer'),
};

function labelOf(recordType: RecordType): Buffer {
  return encodeFields(['latchkey/seal/1', recordType]);
}

/** `label ‖ prefix ‖ context`: what the subkey is derived from and the AEAD authenticates. */
export function bindingOf(prefix: Buffer, context: SealContext): Buffer {
  const label = labels[context.recordType];
  const binding = encodeFields(context.fields, label.length + prefixLength);
  label.copy(binding, 0);
  prefix.copy(binding, label.length);
  return binding;
}

/**
 * Lends the subkey and the commitment of one message, two halves of BLAKE2b-512(key, binding), and zeroes them
 * afterwards. Throws `bad_key_length` unless the key has 32 bytes.
 */
export function withSubkey<T>(key: SecretBytes, binding: Buffer, use: (subkey: Buffer, commitment: Buffer) => T): T {
  if (key.byteLength !== keyLength) throw new AppError('internal', 'bad_key_length');
  const sodium = loadedSodium();
  const derived = key.use((bytes) => sodium.crypto_generichash(keyLength + commitmentLength, binding, bytes));
  const halves = Buffer.from(derived.buffer, derived.byteOffset, derived.length);
  try {
    return use(halves.subarray(0, keyLength), halves.subarray(keyLength));
  } finally {
    halves.fill(0);
  }
}
