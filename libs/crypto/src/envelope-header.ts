import { AppError } from '#libs/errors';
import type { KeyRef, RecordType } from './seal-context.js';

/** Sizes in bytes of the parts of a sealed record, in the order in which they stand (docs/envelope-format.md). */
export const prefixLength = 44;
export const commitmentLength = 32;
export const nonceLength = 24;
export const tagLength = 16;

/** The last part of the prefix. */
export const saltLength = 16;

const magic = Buffer.from('LKEY');
const formatVersion = 1;
/** XChaCha20-Poly1305 with BLAKE2b-512. Suite 2 is reserved for AES-256-GCM with HKDF-SHA-512 and refused. */
const suite = 1;
const noFlags = 0;
const keyIdLength = 16;

const recordTypeCodes: Record<RecordType, number> = {
  'api-key': 1,
  dek: 2,
  'tenant-kek': 3,
  'service-key': 4,
  handle: 5,
  backup: 6,
  'webhook-secret': 7,
  'idempotent-answer': 8,
};

/** The part of the header before the commitment; throws `bad_key_ref` for a reference that does not fit into it. */
export function encodePrefix(keyRef: KeyRef, recordType: RecordType, salt: Buffer): Buffer {
  if (keyRef.id.length !== keyIdLength || keyRef.version >>> 0 !== keyRef.version) {
    throw new AppError('internal', 'bad_key_ref');
  }
  const prefix = Buffer.allocUnsafe(prefixLength);
  magic.copy(prefix, 0);
  prefix[4] = formatVersion;
  prefix[5] = suite;
  prefix[6] = recordTypeCodes[recordType];
  prefix[7] = noFlags;
  keyRef.id.copy(prefix, 8);
  prefix.writeUInt32BE(keyRef.version, 24);
  salt.copy(prefix, 28);
  return prefix;
}
