import type { SecretBytes } from '#libs/crypto';
import type { SlotReader, SlotRef } from './slot-reader.js';

/** A stored key in plaintext; the caller destroys it. */
export interface StoredKey {
  version: number;
  /** The region that its slot is set to. */
  region: string | undefined;
  apiKey: SecretBytes;
}

/** Opens the current keys of slots for asking their providers about them. */
export class StoredKeyReader {
  constructor(private readonly slots: SlotReader) {}

  /** A copy of the slot's current key, in quarantine too; undefined when there is none or it does not open. */
  find(slot: SlotRef): Promise<StoredKey | undefined> {
    return this.slots.read({ refs: [slot], further: () => [] }, (slots) => {
      const read = slots.get(slot.organizationId, slot.provider);
      const { current, region } = read?.snapshot ?? {};
      return current && read?.apiKey && { version: current.version, region, apiKey: read.apiKey.copy() };
    });
  }
}
