import type { ComponentName } from '#libs/contracts';
import { deriveBytes, keyedHash, type SecretBytes } from '#libs/crypto';
import type { CallStage } from './call-stage.js';
import { encodeHandle, locatorBytes, tokenBytes } from './handle.codec.js';

/** What the tokens of a call depend on, besides the call itself. */
export interface MintedFor {
  organizationId: string;
  callId: string;
  audience: string;
  keys: readonly { component: ComponentName; secretId: string; epoch: number }[];
}

/** A handle, the locator it shares with the others of its call, and the token of its own. */
export interface MintedHandle {
  locator: Buffer;
  token: Buffer;
  handle: string;
}

/**
 * Makes handles that repeat: the same call with the same keys gets the same ones, so an event handled twice, or a
 * call resolved over Kafka and gRPC alike, has one set of handles. Without the handle key they cannot be told from
 * random bytes (docs/adr/0002).
 */
export class HandleMinter {
  constructor(private readonly handleKey: SecretBytes) {}

  /** Where the bundle of a call's stage is kept. */
  storeKeyOfCall(organizationId: string, callId: string, stage: CallStage): string {
    return this.storeKeyOf(this.locatorOf(organizationId, callId), stage);
  }

  /** Where the bundle is kept to which a handle points; someone who sees it cannot make the handle from it. */
  storeKeyOf(locator: Buffer, stage: CallStage): string {
    return keyedHash(this.handleKey, 'handle-store-key', [locator, stage], 16).toString('hex');
  }

  /** Names one handle in the use counts without revealing it. */
  useOf(component: ComponentName, token: Buffer): string {
    return keyedHash(this.handleKey, 'handle-use', [component, token], 16).toString('base64url');
  }

  /** One handle for each key, in order, with its parts. */
  mint(call: MintedFor): MintedHandle[] {
    const locator = this.locatorOf(call.organizationId, call.callId);
    const parts = [call.organizationId, call.callId, call.audience];
    for (const key of call.keys) parts.push(`${key.component}:${key.secretId}:${key.epoch}`);
    const bytes = deriveBytes(this.handleKey, 'handle-tokens', parts, tokenBytes * call.keys.length);
    return call.keys.map(({ component }, index) => {
      const token = bytes.subarray(index * tokenBytes, (index + 1) * tokenBytes);
      return { locator, token, handle: encodeHandle({ locator, component, token }) };
    });
  }

  private locatorOf(organizationId: string, callId: string): Buffer {
    return keyedHash(this.handleKey, 'handle-locator', [organizationId, callId], locatorBytes);
  }
}
