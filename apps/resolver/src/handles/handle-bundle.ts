import { componentNameSchema, keySourceSchema, type ComponentName, type KeySource } from '#libs/contracts';
import { open, seal, SecretBytes, type KeyRef } from '#libs/crypto';
import { z } from 'zod';
import { tokenBytes } from './handle.codec.js';

/** A resolved key inside a bundle, with the claim under which it may be handed out. */
export interface BundledKey {
  component: ComponentName;
  provider: string;
  /** The slot it comes from, and whose: the tenant's or the platform's. */
  slot: string;
  source: KeySource;
  ownerId: string;
  secretId: string;
  version: number;
  epoch: number;
  token: Buffer;
  apiKey: SecretBytes;
}

/** Everything needed to redeem the handles of one call. */
export interface HandleBundle {
  callId: string;
  organizationId: string;
  audience: string;
  /** Unix milliseconds. */
  expiresAt: number;
  keys: BundledKey[];
}

const keyRef: KeyRef = { id: Buffer.alloc(16), version: 1 };

const claimsSchema = z.object({
  callId: z.string(),
  organizationId: z.string(),
  audience: z.string(),
  expiresAt: z.number(),
  keys: z.array(
    z.tuple([
      componentNameSchema,
      z.string(),
      z.string(),
      keySourceSchema,
      z.string(),
      z.string(),
      z.number(),
      z.number(),
    ]),
  ),
});

/**
 * Seals a bundle for the entry `storeKey` of the handle store. Layout of the plaintext:
 * u16 length ‖ claims JSON ‖ (token ‖ u16 length ‖ API key) for each key of the claims.
 */
export function sealBundle(handleKey: SecretBytes, storeKey: string, bundle: HandleBundle): Buffer {
  const claims = Buffer.from(
    JSON.stringify({
      callId: bundle.callId,
      organizationId: bundle.organizationId,
      audience: bundle.audience,
      expiresAt: bundle.expiresAt,
      keys: bundle.keys.map((key) => [
        key.component,
        key.provider,
        key.slot,
        key.source,
        key.ownerId,
        key.secretId,
        key.version,
        key.epoch,
      ]),
    }),
  );
  const keysLength = bundle.keys.reduce((sum, key) => sum + tokenBytes + 2 + key.apiKey.byteLength, 0);
  const plaintext = Buffer.allocUnsafe(2 + claims.length + keysLength);
  let at = plaintext.writeUInt16BE(claims.length, 0);
  at += claims.copy(plaintext, at);
  for (const { token, apiKey } of bundle.keys) {
    at += token.copy(plaintext, at);
    at = plaintext.writeUInt16BE(apiKey.byteLength, at);
    at += apiKey.use((bytes) => bytes.copy(plaintext, at));
  }
  try {
    return seal(handleKey, keyRef, plaintext, contextOf(storeKey));
  } finally {
    plaintext.fill(0);
  }
}

/** Opens what `sealBundle` made for this very entry; throws `open_failed` for anything else. The keys are the caller's to destroy. */
export function openBundle(handleKey: SecretBytes, storeKey: string, sealed: Buffer): HandleBundle {
  const opened = open(handleKey, keyRef, sealed, contextOf(storeKey));
  try {
    return opened.use((plaintext) => {
      let at = 2 + plaintext.readUInt16BE(0);
      const { keys, ...claims } = claimsSchema.parse(JSON.parse(plaintext.toString('utf8', 2, at)));
      const take = (length: number): Buffer => Buffer.from(plaintext.subarray(at, (at += length)));
      return {
        ...claims,
        keys: keys.map(([component, provider, slot, source, ownerId, secretId, version, epoch]) => {
          const token = take(tokenBytes);
          const apiKey = SecretBytes.take(take(take(2).readUInt16BE(0)));
          return { component, provider, slot, source, ownerId, secretId, version, epoch, token, apiKey };
        }),
      };
    });
  } finally {
    opened.destroy();
  }
}

/** The entry's own key is the additional data: a bundle moved to another entry does not open. */
function contextOf(storeKey: string): { recordType: 'handle'; fields: [string] } {
  return { recordType: 'handle', fields: [storeKey] };
}
